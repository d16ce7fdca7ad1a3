// SPDX-License-Identifier: Apache-2.0
#include "phases.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "finish.h"
#include "measure/paired.h"
#include "measure/quantity.h"
#include "progress.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

std::string RateOf(const PhaseSettings& phase) {
  if (phase.from_per_s == phase.to_per_s) {
    return phase.from_per_s > 0 ? measure::FormatRate(phase.from_per_s) : "no load";
  }
  return absl::StrCat(measure::FormatRate(phase.from_per_s), " to ",
                      measure::FormatRate(phase.to_per_s));
}

std::string SentenceOf(const PhaseSettings& phase, std::span<const report::Second> seconds) {
  uint64_t sent = 0;
  uint64_t received = 0;
  uint64_t errors = 0;
  std::vector<double> medians;
  int64_t worst_p99_ns = 0;
  for (const report::Second& second : seconds) {
    sent += second.sent;
    received += second.received;
    errors += second.errors;
    if (second.response_p50_ns <= 0) continue;
    medians.push_back(static_cast<double>(second.response_p50_ns));
    worst_p99_ns = std::max(worst_p99_ns, second.response_p99_ns);
  }
  const auto duration_ns = static_cast<int64_t>(std::llround(phase.duration_s * 1e9));
  std::string text = absl::StrCat("phase ", phase.name, " (", measure::FormatTime(duration_ns),
                                  ", ", RateOf(phase), "): sent ", sent, ", delivered ", received);
  if (!medians.empty()) {
    absl::StrAppend(&text, ", p50 ", measure::FormatTime(std::llround(measure::Median(medians))),
                    ", p99 of its worst second ", measure::FormatTime(worst_p99_ns));
  }
  if (errors > 0) absl::StrAppend(&text, ", errors ", errors);
  return text;
}

std::string EndOf(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("was ended by signal ", WTERMSIG(status));
  return absl::StrCat("ended with ", WEXITSTATUS(status));
}

}  // namespace

measure::RateProfile ProfileOf(std::span<const PhaseSettings> phases, double warmup_s) {
  RMQ_CHECK(!phases.empty());
  measure::RateProfile profile;
  const double first_per_s = phases.front().from_per_s;
  if (warmup_s > 0) {
    profile.Append({.duration_s = warmup_s, .from_per_s = first_per_s, .to_per_s = first_per_s});
  }
  for (const PhaseSettings& phase : phases) {
    profile.Append({.duration_s = phase.duration_s,
                    .from_per_s = phase.from_per_s,
                    .to_per_s = phase.to_per_s});
  }
  return profile;
}

std::vector<std::string> PhaseSentences(std::span<const PhaseSettings> phases,
                                        std::span<const report::Second> seconds) {
  std::vector<std::string> sentences;
  double begin_s = 0;
  size_t first = 0;
  // A second belongs to the phase that its middle lies in; those below zero are the warm-up's.
  const auto middle_s = [&seconds](size_t index) { return seconds[index].at_s - 0.5; };
  while (first < seconds.size() && middle_s(first) < 0) ++first;
  for (const PhaseSettings& phase : phases) {
    const double end_s = begin_s + phase.duration_s;
    size_t last = first;
    while (last < seconds.size() && middle_s(last) < end_s) ++last;
    sentences.push_back(SentenceOf(phase, seconds.subspan(first, last - first)));
    first = last;
    begin_s = end_s;
  }
  return sentences;
}

PhaseCommands::PhaseCommands(std::span<const PhaseSettings> phases) {
  double at_s = 0;
  for (const PhaseSettings& phase : phases) {
    if (!phase.command.empty()) {
      commands_.push_back({.name = phase.name, .text = phase.command, .at_s = at_s});
    }
    at_s += phase.duration_s;
  }
}

void PhaseCommands::OnTick(const load::Tick& tick) {
  if (tick.phase != load::Phase::kMeasure) return;
  for (Command& command : commands_) {
    if (!command.begun && tick.phase_s >= command.at_s) Begin(command);
  }
}

// In a process group of its own, so that all that it starts can be ended with it.
void PhaseCommands::Begin(Command& command) {
  command.begun = true;
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh";
  std::string option = "-c";
  char* const words[] = {shell.data(), option.data(), command.text.data(), nullptr};
  if (posix_spawn(&command.pid, "/bin/sh", nullptr, &attributes, words, environ) != 0) {
    command.pid = 0;
  }
  posix_spawnattr_destroy(&attributes);
}

std::vector<std::string> PhaseCommands::End() {
  std::vector<std::string> sentences;
  for (Command& command : commands_) {
    const std::string what = absl::StrCat("phase ", command.name, ": '", command.text, "' ");
    if (!command.begun) {
      sentences.push_back(what + "was not run");
      continue;
    }
    if (command.pid == 0) {
      sentences.push_back(what + "could not be run");
      continue;
    }
    int status = 0;
    if (waitpid(command.pid, &status, WNOHANG) == command.pid) {
      sentences.push_back(what + EndOf(status));
    } else {
      kill(-command.pid, SIGTERM);
      (void)waitpid(command.pid, &status, 0);
      sentences.push_back(what + "was still running in the end, and ended with the run");
    }
  }
  commands_.clear();
  return sentences;
}

int RunPhases(const Settings& settings, const std::string& command_line) {
  RMQ_CHECK(!settings.phases.empty());
  PhaseCommands commands(settings.phases);
  Progress progress(settings);
  absl::StatusOr<report::Result> result = RunOnce(settings, [&](const load::Tick& tick) {
    commands.OnTick(tick);
    progress.Show(tick);
  });
  if (!result.ok()) {
    return Complain(result.status(), absl::IsAborted(result.status()) ? kRunFailed : kUsage);
  }
  result->command_line = command_line;
  result->title = settings.title_prefix + result->title;
  for (std::vector<std::string>& sentences :
       std::vector{PhaseSentences(settings.phases, result->series), commands.End()}) {
    std::move(sentences.begin(), sentences.end(), std::back_inserter(result->notes));
  }
  return Finish(*result, settings);
}

}  // namespace ringmq::bench
