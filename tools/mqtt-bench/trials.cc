// SPDX-License-Identifier: Apache-2.0
#include "trials.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "finish.h"
#include "interruption.h"
#include "outputs.h"
#include "percentiles.h"
#include "progress.h"
#include "report/result_json.h"
#include "report/trials.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

using report::Result;

// What broke comes first, as within one run.
int WorseOf(int one, int other) {
  constexpr int kBySeverity[] = {kRunFailed, kMeasurementInvalid, kAssertionFailed, kInterrupted};
  for (const int code : kBySeverity) {
    if (one == code || other == code) return code;
  }
  return kOk;
}

}  // namespace

int RunTrials(const Settings& settings) {
  std::vector<Result> trials;
  int failed = kOk;
  std::optional<Interruption> between(std::in_place);  // The next trial sees what comes then.
  for (uint32_t number = 1; number <= settings.trials; ++number) {
    absl::StatusOr<Result> result = RunOnScreen(settings, OffScreen::kNothing);
    if (!result.ok()) {
      failed = Complain(result.status(), absl::IsAborted(result.status()) ? kRunFailed : kUsage);
      if (trials.empty()) return failed;
      break;  // Those before it were not in vain.
    }
    result->command_line = settings.command_line;
    result->title = settings.title_prefix + result->title;
    if (!settings.quiet) {
      std::fprintf(stderr, "trial %u of %u  %s  %.0f received/s\n", number, settings.trials,
                   result->verdict.text.c_str(), result->rates.received_per_s);
    }
    trials.push_back(*std::move(result));
    if (trials.back().interrupted) break;  // Ctrl-C means all of them.
  }
  between.reset();
  if (failed == kOk && (trials.size() < settings.trials || trials.back().interrupted)) {
    std::fprintf(stderr, "mqtt-bench: interrupted in trial %zu of %u\n", trials.size(),
                 settings.trials);
  }
  const int code = FinishTrials(trials, settings);
  return failed == kOk ? code : kRunFailed;
}

int FinishTrials(const std::vector<Result>& trials, const Settings& settings) {
  const Result summary = report::SummaryOf(trials);
  const std::vector<double> percentiles =
      ParsePercentiles(settings.percentiles).value_or(std::vector<double>());
  PrintReport(summary, percentiles);
  std::vector<std::string> files = settings.outputs;
  std::string& json = files[IndexOf("--json")];
  const std::string all = std::exchange(json, "");
  absl::Status status = WriteOutputs(summary, files, percentiles);
  if (!all.empty()) {
    status = AndAlso(std::move(status), WriteFile("--json", all, report::ListToJson(trials)));
  }
  if (!status.ok()) return Complain(status, kRunFailed);
  int code = kOk;
  for (const Result& trial : trials) {
    code = WorseOf(code, ExitCodeOf(trial, settings.allow_invalid));
  }
  return code;
}

}  // namespace ringmq::bench
