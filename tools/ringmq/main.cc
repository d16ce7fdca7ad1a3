// ringmq: MQTT from the command line.
//
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "documents.h"
#include "exit_code.h"
#include "key_password.h"
#include "options.h"
#include "publish.h"
#include "request.h"
#include "subscribe.h"

namespace ringmq::cli {
namespace {

constexpr std::string_view kUsage =
    "usage: ringmq pub|sub|rr [options]\n"
    "       ringmq pub|sub|rr --help\n"
    "       ringmq completion bash|zsh|fish\n"
    "       ringmq man [pub|sub|rr]\n"
    "       ringmq --version\n";

constexpr std::string_view kVersionLine = "ringmq " RINGMQ_VERSION "\n";

int Complain(const std::string& text) {
  std::fprintf(stderr, "ringmq: %s\n", text.c_str());
  return kExitUsage;
}

int Print(std::string_view text) {
  const bool is_out =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return is_out ? kExitOk : kExitFile;
}

// As mosquitto's tools have it, one file a command: defaults for its options.
std::string ConfigPath(Command command) {
  const std::string name = std::string("/ringmq_") + NameOf(command);
  if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr) return folder + name;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.config" + name;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

std::string RandomId() {
  constexpr std::string_view kLetters = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::random_device device;
  std::uniform_int_distribution<size_t> letter(0, kLetters.size() - 1);
  std::string id;
  for (int i = 0; i < 22; ++i) id += kLetters[letter(device)];
  return id;
}

std::string_view Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int Run(Command command, const std::vector<std::string_view>& words) {
  const std::string path = ConfigPath(command);
  const std::string config = ReadFile(path);
  const std::string random_id = RandomId();
  Expected<Settings> settings = ParseOptions(command, words,
                                             {.password = Environment("RINGMQ_PASSWORD"),
                                              .key_password = Environment("RINGMQ_KEY_PASSWORD"),
                                              .config = config,
                                              .config_path = path,
                                              .random_id = random_id,
                                              .process_id = getpid()});
  if (!settings.ok()) return Complain(settings.error().detail());
  if (settings->help) return Print(HelpText(command));
  if (settings->version) return Print(kVersionLine);
  if (const Expected<void> known = FindKeyPassword(*settings); !known.ok()) {
    return Complain(known.error().detail());
  }
  switch (command) {
    case Command::kPub:
      return RunPublish(*settings);
    case Command::kSub:
      return RunSubscribe(*settings);
    case Command::kRr:
      return RunRequest(*settings, random_id);
  }
  return kExitUsage;
}

std::optional<Command> CommandNamed(std::string_view word) {
  for (const Command command : kCommands) {
    if (word == NameOf(command)) return command;
  }
  return std::nullopt;
}

std::optional<Shell> ShellNamed(std::string_view word) {
  if (word == "bash") return Shell::kBash;
  if (word == "zsh") return Shell::kZsh;
  if (word == "fish") return Shell::kFish;
  return std::nullopt;
}

int RunCompletion(const std::vector<std::string_view>& words) {
  const std::optional<Shell> shell = words.size() == 1 ? ShellNamed(words[0]) : std::nullopt;
  if (!shell) {
    return Complain(
        "completion: needs one of bash, zsh, fish.\nFor example: "
        "source <(ringmq completion bash)");
  }
  return Print(CompletionScript(*shell));
}

int RunMan(const std::vector<std::string_view>& words) {
  if (words.empty()) return Print(ManPage(std::nullopt, RINGMQ_VERSION));
  const std::optional<Command> command = CommandNamed(words[0]);
  if (!command || words.size() > 1) {
    return Complain(
        "man: needs one of pub, sub, rr, or nothing.\nFor example: "
        "ringmq man sub | man -l -");
  }
  return Print(ManPage(command, RINGMQ_VERSION));
}

int Main(const std::vector<std::string_view>& words) {
  if (words.empty()) {
    std::fputs(kUsage.data(), stderr);
    return kExitUsage;
  }
  const std::vector<std::string_view> rest(words.begin() + 1, words.end());
  if (const std::optional<Command> command = CommandNamed(words[0])) return Run(*command, rest);
  if (words[0] == "completion") return RunCompletion(rest);
  if (words[0] == "man") return RunMan(rest);
  if (words[0] == "--help") return Print(kUsage);
  if (words[0] == "--version") return Print(kVersionLine);
  return Complain("'" + std::string(words[0]) +
                  "' is no command: pub, sub, rr, completion, man.\nFor example: ringmq pub "
                  "-t plant/1 -m on");
}

}  // namespace
}  // namespace ringmq::cli

int main(int argc, char** argv) { return ringmq::cli::Main({argv + 1, argv + std::max(argc, 1)}); }
