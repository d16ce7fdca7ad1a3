// SPDX-License-Identifier: Apache-2.0
#include "command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "completion.h"
#include "exporter.h"
#include "flags.h"
#include "manual.h"
#include "measure/quantity.h"
#include "outputs.h"
#include "preset.h"
#include "run_file.h"

namespace ringmq::bench {
namespace {

constexpr std::pair<const char*, const char*> kCommands[] = {
    {"pubsub", "publishers and subscribers, each to each (the default)"},
    {"pub", "publishers only"},
    {"sub", "subscribers only, for as long as the run takes"},
    {"fanout", "one publisher, many subscribers"},
    {"fanin", "many publishers, one subscriber"},
    {"shared", "publishers and one shared group of subscribers"},
    {"pairs", "each publisher has a subscriber of its own"},
    {"rr", "request and response: publishers ask, subscribers answer"},
    {"conn", "connect, hold, leave"},
    {"churn", "connections that come and go, beside traffic if there are --pubs or --subs"},
    {"retain", "store --messages retained messages, and time subscribers that come and get them"},
    {"session", "fill the queues of absent subscribers with --messages, and time their return"},
    {"will", "cut --clients that have wills, and time what subscribers hear of it"},
    {"idle", "as conn; with --watch-pid: the broker's bytes per connection"},
};

void AddFlags(CLI::App& app, Settings& settings) {
  AddTargetFlags(app, settings);
  AddTlsFlags(app, settings);
  AddShapeFlags(app, settings);
  AddStatefulFlags(app, settings);
  AddLoadFlags(app, settings);
  AddLengthFlags(app, settings);
  AddMeasureFlags(app, settings);
  AddJudgeFlags(app, settings);
  AddHostFlags(app, settings);
  AddOutputFlags(app, settings);
  app.option_defaults()->group("Options");
}

// What some commands take for granted where others do not.
void SetDefaults(const CLI::App& app, Settings& s) {
  const auto set = [&app](const char* flag, std::string& value, const char* instead) {
    if (app.count(flag) == 0) value = instead;
  };
  if (s.command == "retain" || s.command == "session") {
    set("--messages", s.messages, "10k");
    if (app.count("--qos") == 0) s.qos = 1;
  }
  if (s.command == "will" && app.count("--qos") == 0) s.qos = 1;
  s.is_ramp_given = app.count("--ramp") > 0;
  s.is_clean_given = app.count("--clean") > 0;
  s.is_expiry_given = app.count("--expiry") > 0;
  if (!s.messages.empty()) {
    set("--duration", s.duration, kNoDuration);
    set("--warmup", s.warmup, "0s");
  }
  if (s.command == "churn" && app.count("--pubs") + app.count("--subs") == 0) {
    s.publishers = 0;
    s.subscribers = 0;
  }
  // Of the lowest rate there are enough for p99 then.
  if (s.command == "search") set("--duration", s.duration, "5s");
}

// What --rate-per-client comes to. False: it was bad, and everything was said.
bool SetTotalRate(Settings& s) {
  if (s.rate_per_client.empty()) return true;
  const auto each = measure::ParseRate(s.rate_per_client);
  if (!each.ok()) {
    std::fprintf(stderr, "mqtt-bench: --rate-per-client: %s; for example --rate-per-client 10\n",
                 std::string(each.status().message()).c_str());
    return false;
  }
  s.rate = absl::StrFormat("%.9g", *each * (s.command == "fanout" ? 1 : s.publishers));
  return true;
}

void AddComparing(CLI::App& app, Settings& s) {
  CLI::App* const compare =
      app.add_subcommand("compare", "results side by side; five runs of each say most")
          ->fallthrough();
  compare->add_option("file", s.files, "result.json of A")->required()->expected(1, -1);
  compare->add_option("--with", s.with, "result.json of B")->expected(1, -1);
  CLI::App* const merge =
      app.add_subcommand("merge", "results of generators on several hosts that ran together as one")
          ->fallthrough();
  merge->add_option("file", s.files, "result.json of each")->required()->expected(1, -1);
  merge->add_option("-o,--output", s.merged_file, "as --json")->type_name("FILE");
  merge->add_flag("--force", s.force, "though they were asked for different things");
  CLI::App* const ab =
      app.add_subcommand("ab", "two brokers in turns, and whether B differs")->fallthrough();
  ab->add_option("--url-b", s.url_b, "the second broker");
  AddWatchFlag(*ab, "--watch-pid-b", s.watch_pid_b, "its process, or auto");
  std::vector<std::string> scenarios;
  for (const auto& [name, what] : kCommands) scenarios.emplace_back(name);
  ab->add_option("--scenario", s.scenario, "what to run")
      ->check(CLI::IsMember(scenarios))
      ->capture_default_str();
  ab->add_option("--pairs", s.pairs, "how often, each in turns A B, B A; one more warms up")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

// What --prometheus was given may be no file.
void TakeMetricsAddress(Settings& s) {
  for (size_t i = 0; i < s.outputs.size(); ++i) {
    if (Outputs()[i].flag != std::string_view("--prometheus")) continue;
    if (MetricsAddress(s.outputs[i]).has_value()) {
      s.metrics_address = std::exchange(s.outputs[i], "");
    }
  }
}

int Parse(CLI::App& app, int argc, char** argv) {
  CLI11_PARSE(app, argc, argv);
  return -1;
}

}  // namespace

std::optional<int> ParseCommandLine(int argc, char** argv, Settings& settings) {
  CLI::App app("mqtt-bench: how fast, how late, what got lost, and can I believe it?");
  app.fallthrough();
  app.require_subcommand(0, 1);
  AddFlags(app, settings);
  for (const auto& [name, what] : kCommands) app.add_subcommand(name, what)->fallthrough();
  app.add_subcommand("report", "show a result.json of an earlier run, and write what is asked for")
      ->fallthrough()
      ->add_option("file", settings.files, "result.json")
      ->required()
      ->expected(1);
  AddComparing(app, settings);
  AddSeriesCommands(app, settings);
  app.add_subcommand("doctor", "what of this machine would limit a run with --clients connections")
      ->fallthrough();
  app.add_subcommand("completion", "what teaches a shell these commands and flags")
      ->add_option("shell", settings.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app.add_subcommand("man", "the manual page, as roff: mqtt-bench man | man -l -");
  app.footer(
      "Exit codes: 0 ok, 1 usage, 2 the run failed (connections, refusals), 3 nothing failed and "
      "the measurement is invalid all the same, 4 an assertion does not hold, 130 interrupted.");
  const int code = Parse(app, argc, argv);
  if (code >= 0) return code == 0 ? kOk : kUsage;
  if (settings.version == kVersionOfTool) {
    std::printf("%s\n", RINGMQ_VERSION);
    return kOk;
  }
  if (!settings.shell.empty()) {
    std::fputs(CompletionOf(app, settings.shell).c_str(), stdout);
    return kOk;
  }
  const auto chosen = app.get_subcommands();
  settings.command = chosen.empty() ? "pubsub" : chosen.front()->get_name();
  if (settings.command == "man") {
    std::fputs(ManualOf(app).c_str(), stdout);
    return kOk;
  }
  if (settings.command == "preset") {
    if (const std::optional<int> left = ApplyPreset(app, settings)) return left;
  }
  if (settings.command == "run") {
    if (const std::optional<int> left = ApplyRunFile(app, settings)) return left;
  }
  SetDefaults(app, settings);
  TakeMetricsAddress(settings);
  if (!SetTotalRate(settings)) return kUsage;
  if (!settings.show_config) return std::nullopt;
  std::fputs(app.config_to_str(true, false).c_str(), stdout);
  return kOk;
}

}  // namespace ringmq::bench
