// mqtt-bench: loads a broker, accounts for every message, and says whether its own numbers can be
// believed.
//
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "command_line.h"
#include "compare.h"
#include "doctor.h"
#include "exporter.h"
#include "find_broker.h"
#include "finish.h"
#include "judge.h"
#include "load/run.h"
#include "merge_files.h"
#include "outputs.h"
#include "phases.h"
#include "progress.h"
#include "report/result.h"
#include "run_once.h"
#include "search.h"
#include "settings.h"
#include "soak.h"
#include "trials.h"

namespace ringmq::bench {
namespace {

using report::Result;

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// For a shell. Reports are passed on, and secrets do not belong there: whoever repeats the run sets
// PASSWORD, or PSK.
std::string Quoted(int argc, char** argv) {
  constexpr std::pair<std::string_view, const char*> kSecrets[] = {{"--pass", "PASSWORD"},
                                                                   {"--psk", "PSK"}};
  std::string line;
  std::string next_secret;  // The variable for the word that follows.
  for (int i = 0; i < argc; ++i) {
    const std::string word = argv[i];
    if (i > 0) line += " ";
    if (!next_secret.empty()) {
      absl::StrAppend(&line, "\"$", std::exchange(next_secret, ""), "\"");
      continue;
    }
    const char* variable = nullptr;  // Of a secret in this word.
    for (const auto& [flag, name] : kSecrets) {
      if (word == flag) next_secret = name;
      if (word.rfind(std::string(flag) + "=", 0) == 0) variable = name;
    }
    if (variable != nullptr) {
      absl::StrAppend(&line, word.substr(0, word.find('=') + 1), "\"$", variable, "\"");
    } else {
      absl::StrAppend(&line, "'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
    }
  }
  return line;
}

int Run(const Settings& settings, const std::string& command_line) {
  absl::StatusOr<Result> result = RunOnScreen(settings);
  if (!result.ok()) {
    return Complain(result.status(), absl::IsAborted(result.status()) ? kRunFailed : kUsage);
  }
  result->command_line = command_line;
  result->title = settings.title_prefix + result->title;
  return Finish(*result, settings);
}

// Shows a result of long ago, by today's assertions if there are any.
int Report(const Settings& settings) {
  absl::StatusOr<std::vector<Result>> results = ReadResults(settings.files.front());
  if (!results.ok()) return Complain(results.status(), kUsage);
  const auto assertions = ParseAssertions(settings.assertions);
  if (!assertions.ok()) return Complain(assertions.status(), kUsage);
  for (Result& result : *results) {
    if (!assertions->empty()) JudgeBy(*assertions, result);
  }
  return results->size() == 1 ? Finish(results->front(), settings)
                              : FinishTrials(*results, settings);
}

// Those that make no run.
bool OnlyReads(const Settings& settings) {
  return settings.command == "report" || settings.command == "compare" ||
         settings.command == "merge" || settings.command == "doctor";
}

// What would be without effect there.
absl::Status RefuseForReaders(const Settings& settings) {
  const std::pair<const char*, bool> kOfRuns[] = {{"--trials", settings.trials > 1},
                                                  {"--scrape", !settings.scraped.empty()},
                                                  {"--sys", settings.watches_sys},
                                                  {"--jsonl-fd", settings.lines_fd >= 0}};
  for (const auto& [flag, is_given] : kOfRuns) {
    if (!is_given) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": ", settings.command,
                     " makes no run; it belongs to a command that does, as pubsub"));
  }
  return absl::OkStatus();
}

int RunSomething(const Settings& settings) {
  const std::string& command_line = settings.command_line;
  const bool has_several = settings.command == "ab" || settings.command == "search" ||
                           settings.command == "soak" || !settings.phases.empty();
  if (settings.trials > 1 && has_several) {
    return Complain(absl::InvalidArgumentError(absl::StrCat(
                        "--trials: ", settings.phases.empty() ? settings.command : "run",
                        " is not made several times")),
                    kUsage);
  }
  if (settings.trials > 1) return RunTrials(settings);
  if (settings.command == "ab") return RunAb(settings);
  if (settings.command == "search") return RunSearch(settings, command_line);
  if (!settings.phases.empty()) return RunPhases(settings, command_line);
  if (settings.command == "soak") return RunSoak(settings, command_line);
  return Run(settings, command_line);
}

int Main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  Settings settings;
  if (const std::optional<int> code = ParseCommandLine(argc, argv, settings)) return *code;
  const std::optional<HostAndPort> metrics = MetricsAddress(settings.metrics_address);
  if (metrics && OnlyReads(settings)) {
    return Complain(absl::InvalidArgumentError(absl::StrCat(
                        "--prometheus: ", settings.command,
                        " has nothing to serve; a file is written, as --prometheus run.prom")),
                    kUsage);
  }
  if (OnlyReads(settings)) {
    if (const absl::Status status = RefuseForReaders(settings); !status.ok()) {
      return Complain(status, kUsage);
    }
  }
  // Not after hours.
  if (const absl::Status status = CheckOutputs(settings.outputs); !status.ok()) {
    return Complain(status, kUsage);
  }
  if (settings.command == "report") return Report(settings);
  if (settings.command == "compare") return CompareFiles(settings);
  if (settings.command == "merge") {
    settings.command_line = Quoted(argc, argv);
    return MergeFiles(settings);
  }
  if (settings.command == "doctor") return RunDoctor(settings);
  if (const absl::Status status = FindBrokers(settings); !status.ok()) {
    return Complain(status, kUsage);
  }
  RaiseDescriptorLimit();
  WarnOfLimits(settings);
  settings.command_line = Quoted(argc, argv);
  Exporter exporter;
  if (metrics) {
    settings.exporter = &exporter;
    if (const absl::Status status = exporter.Bind(*metrics); !status.ok()) {
      return Complain(absl::InvalidArgumentError(absl::StrCat("--prometheus: ", status.message())),
                      kUsage);
    }
  }
  return RunSomething(settings);
}

}  // namespace
}  // namespace ringmq::bench

int main(int argc, char** argv) { return ringmq::bench::Main(argc, argv); }
