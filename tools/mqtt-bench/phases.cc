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
#include "judge.h"
#include "measure/quantity.h"
#include "progress.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

std::string RateOf(const report::LoadPhase& phase) {
  if (phase.rate_from_per_s == phase.rate_to_per_s) {
    return phase.rate_from_per_s > 0 ? measure::FormatRate(phase.rate_from_per_s) : "no load";
  }
  return absl::StrCat(measure::FormatRate(phase.rate_from_per_s), " to ",
                      measure::FormatRate(phase.rate_to_per_s));
}

// Those whose middle lies in it, as a second has to be of one phase.
std::vector<report::Second> SecondsOf(const report::LoadPhase& phase,
                                      std::span<const report::Second> seconds) {
  std::vector<report::Second> found;
  for (const report::Second& second : seconds) {
    const double middle_s = second.at_s - 0.5 - phase.from_s;
    if (middle_s >= 0 && middle_s < phase.duration_s) found.push_back(second);
  }
  return found;
}

void Conclude(report::LoadPhase& phase, uint8_t qos, const measure::IntegrityCounts& of_run,
              std::span<const report::Second> seconds) {
  measure::IntegrityCounts& counts = phase.integrity;
  const uint64_t different = counts.received - counts.duplicates - counts.too_old;
  const uint64_t missing = phase.counters.expected - std::min(phase.counters.expected, different);
  // Which of them nobody had promised is known of the run only.
  const uint64_t lost = std::min(missing, of_run.lost + of_run.lost_permitted);
  (qos == 0 ? counts.lost_permitted : counts.lost) = lost;
  counts.lost_unpromised = missing - lost;
  if (phase.duration_s <= 0) return;
  report::Rates& rates = phase.rates;
  rates = {};
  rates.offered_per_s = static_cast<double>(phase.counters.offered) / phase.duration_s;
  for (const report::Second& second : SecondsOf(phase, seconds)) {
    rates.sent_per_s += static_cast<double>(second.sent) / phase.duration_s;
    rates.acked_per_s += static_cast<double>(second.acked) / phase.duration_s;
    rates.received_per_s += static_cast<double>(second.received) / phase.duration_s;
  }
}

std::string SentenceOf(const report::LoadPhase& phase, std::span<const report::Second> seconds) {
  const auto duration_ns = static_cast<int64_t>(std::llround(phase.duration_s * 1e9));
  std::string text = absl::StrCat("phase ", phase.name, " (", measure::FormatTime(duration_ns),
                                  ", ", RateOf(phase), "): sent ", phase.counters.sent,
                                  ", delivered ", phase.counters.received);
  const measure::Histogram& response = phase.histograms[report::Metric::kResponse];
  for (const double percentile : {50.0, 99.0}) {
    if (!response.Supports(percentile)) continue;
    absl::StrAppend(&text, ", p", percentile, " ",
                    measure::FormatTime(response.ValueAtPercentile(percentile)));
  }
  uint64_t errors = 0;
  for (const report::Second& second : SecondsOf(phase, seconds)) errors += second.errors;
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

std::vector<report::LoadPhase> LoadPhasesOf(std::span<const PhaseSettings> phases,
                                            const load::Outcome& outcome) {
  RMQ_CHECK(outcome.findings.phases.size() == phases.size());
  using report::Metric;
  std::vector<report::LoadPhase> found(phases.size());
  // Unless publishers have different audiences.
  const uint64_t deliveries_each =
      outcome.sent_in_all == 0 ? 0 : outcome.expected_in_all / outcome.sent_in_all;
  double from_s = 0;
  for (size_t i = 0; i < phases.size(); ++i) {
    const load::PhaseTally& tally = outcome.findings.phases[i];
    report::LoadPhase& phase = found[i];
    phase.name = phases[i].name;
    phase.from_s = from_s;
    phase.duration_s = std::clamp(outcome.measured_s - from_s, 0.0, phases[i].duration_s);
    phase.rate_from_per_s = phases[i].from_per_s;
    phase.rate_to_per_s = phases[i].to_per_s;
    phase.counters = {
        .offered = tally.offered,
        .sent = tally.sent,
        .acked = tally.acked,
        .received = tally.received,
        .expected = tally.expected > 0 ? tally.expected : tally.sent * deliveries_each};
    phase.integrity = tally.integrity;
    phase.histograms[Metric::kResponse] = tally.response;
    phase.histograms[Metric::kService] = tally.service;
    phase.histograms[Metric::kAck] = tally.ack;
    phase.histograms[Metric::kSendLag] = tally.lag;
    from_s += phases[i].duration_s;
  }
  return found;
}

void ConcludePhases(std::span<const PhaseSettings> phases, report::Result& result) {
  RMQ_CHECK(result.load_phases.size() == phases.size());
  for (size_t i = 0; i < phases.size(); ++i) {
    report::LoadPhase& phase = result.load_phases[i];
    Conclude(phase, result.qos, result.integrity, result.series);
    const auto assertions = ParseAssertions(phases[i].assertions);
    RMQ_CHECK(assertions.ok());
    JudgePhaseBy(*assertions, result, phase);
  }
}

std::vector<std::string> PhaseSentences(const report::Result& result) {
  std::vector<std::string> sentences;
  for (const report::LoadPhase& phase : result.load_phases) {
    sentences.push_back(SentenceOf(phase, result.series));
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
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  sigset_t none;  // What we have blocked would not end it.
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
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
  for (std::vector<std::string>& sentences : std::vector{PhaseSentences(*result), commands.End()}) {
    std::move(sentences.begin(), sentences.end(), std::back_inserter(result->notes));
  }
  return Finish(*result, settings);
}

}  // namespace ringmq::bench
