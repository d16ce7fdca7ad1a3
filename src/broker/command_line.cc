// CLI11 reports by exception and has no other way: the one `catch` of src is at its call here.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/command_line.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "broker/config_file.h"
#include "broker/limits.h"

namespace ringmq::broker {
namespace {

struct Example {
  std::string_view flag;
  std::string_view text;
};

constexpr Example kExamples[] = {
    {"--config", "ringmqd -c /etc/ringmq/ringmqd.toml"},
    {"--port", "ringmqd -p 1883 (0 to 65535; 0: the kernel chooses)"},
    {"--io", "ringmqd --io auto (or uring, or epoll)"},
    {"--tls-keylog", "ringmqd --tls-keylog /tmp/keys.log"},
    {"--threads", "ringmqd --threads 4 (0 to 256; 0: one per CPU)"},
};
constexpr std::string_view kAnyExample = "ringmqd -c ringmqd.toml -p 1883 (see ringmqd --help)";

// CLI11's messages begin with the option's name, long or short or both.
std::string_view ExampleFor(std::string_view message) {
  for (const Example& example : kExamples) {
    if (message.find(example.flag) != std::string_view::npos) return example.text;
  }
  return kAnyExample;
}

absl::Status FlagError(std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}\nExample: {}", message, ExampleFor(message)));
}

void AddOptions(CLI::App& app, CommandLine& line) {
  static const std::map<std::string, IoBackend> backends = {
      {"auto", IoBackend::kAuto}, {"uring", IoBackend::kUring}, {"epoll", IoBackend::kEpoll}};
  app.add_option("-c,--config", line.config_path, "Configuration file (TOML)");
  app.add_option("-p,--port", line.port, "Port of the first listener; 0: kernel chooses")
      ->check(CLI::Range(0, 65535));
  // By name: CLI11's own mapping would show an enum of one byte as a character, and that of kAuto
  // ends a C string.
  app.add_option_function<std::string>(
         "--io", [&line](const std::string& name) { line.io = backends.at(name); },
         "How to talk to the kernel")
      ->check(CLI::IsMember(backends));
  app.add_option("--threads", line.threads, "Number of shards; 0: one per CPU")
      ->check(CLI::Range(uint32_t{0}, kThreadsMax));
  app.add_option("--tls-keylog", line.tls_keylog,
                 "Append the keys of TLS sessions to this file, for Wireshark; debugging only");
  app.add_flag("-v,--verbose", line.verbose, "Log at level debug");
  app.add_flag("-t,--check", line.check, "Check the configuration and leave");
  app.add_flag("--features", line.features, "Print what kernel and libraries offer and leave");
  app.add_flag("--version", line.version, "Print the version and leave");
  app.add_flag("--print-config", line.print_config,
               "Print the annotated default configuration and leave");
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("ringmqd: an MQTT broker. Without a file it serves 127.0.0.1:1883.", "ringmqd");
  AddOptions(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.help_text = app.help();
  } catch (const CLI::ParseError& error) {
    return FlagError(error.what());
  }
  return line;
}

absl::StatusOr<Config> ConfigFromCommandLine(const CommandLine& command_line) {
  Config config;
  if (!command_line.config_path.empty()) {
    absl::StatusOr<Config> loaded = LoadConfig(command_line.config_path);
    if (!loaded.ok()) return loaded.status();
    config = *std::move(loaded);
  }
  if (command_line.port) config.listeners.front().port = *command_line.port;
  if (command_line.io) config.server.io = *command_line.io;
  if (command_line.threads) config.server.threads = *command_line.threads;
  if (command_line.tls_keylog) config.server.tls_keylog_file = *command_line.tls_keylog;
  if (command_line.verbose) config.log.level = LogLevel::kDebug;
  if (const absl::Status status = Validate(config); !status.ok()) return status;
  return config;
}

}  // namespace ringmq::broker
