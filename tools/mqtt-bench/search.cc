// SPDX-License-Identifier: Apache-2.0
#include "search.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "finish.h"
#include "interruption.h"
#include "measure/quantity.h"
#include "measure/verdict.h"
#include "outputs.h"
#include "progress.h"
#include "report/columns.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

using measure::TrialOutcome;
using report::Result;
using report::SearchPoint;

absl::Status Bad(const char* flag, const std::string& why, const char* example) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", why, "; for example ", example));
}

absl::StatusOr<double> ParseSearchRate(const char* flag, const std::string& text,
                                       const char* example) {
  const auto rate = measure::ParseRate(text);
  if (!rate.ok()) return Bad(flag, std::string(rate.status().message()), example);
  return rate;
}

// "5%" or "0.05".
absl::StatusOr<double> ParseTolerance(std::string text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.pop_back();
  const auto number = measure::ParseCount(text);
  const double tolerance = number.ok() ? *number / (is_percent ? 100 : 1) : 0;
  if (tolerance < 0.001 || tolerance > 0.5) {
    return Bad("--tolerance", "a share from 0.1% to 50%", "--tolerance 5%");
  }
  return tolerance;
}

// What --rate would have to be, to run it again.
std::string RateText(double rate_per_s) {
  return rate_per_s >= 100 ? absl::StrFormat("%.0f", rate_per_s)
                           : absl::StrFormat("%.4g", rate_per_s);
}

std::vector<std::string> DefaultAssertions(const Settings& settings) {
  std::vector<std::string> assertions = {kSearchedLatency, "loss==0"};
  // At QoS 0 a broker may drop what is too much for it, and the rate does not hold all the same.
  if (settings.qos == 0) assertions.emplace_back("loss_permitted==0");
  return assertions;
}

// Before the first of many runs.
absl::Status MakePointsFolder(const std::string& folder) {
  if (folder.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string why =
      error ? error.message() : WhyNotWritable((std::filesystem::path(folder) / "new").string());
  if (why.empty()) return absl::OkStatus();
  return Bad("--points", absl::StrCat("cannot write to ", folder, ": ", why), "--points points");
}

// Runs the points and remembers them.
class Searcher {
 public:
  Searcher(const Settings& settings, const measure::RateSearchOptions& options)
      : settings_(settings), search_(options) {
    settings_.command = settings.scenario;
    takes_default_ = settings_.assertions.empty();
    if (takes_default_) settings_.assertions = DefaultAssertions(settings_);
  }

  // Until the search is over, or somebody has interrupted it and there are points already. A value:
  // leave with this exit code, everything was said.
  [[nodiscard]] std::optional<int> Run() {
    SayWhatIsSearched();
    const Interruption
        between;  // So that it ends no process that has points; the next run sees it.
    while (const auto trial = search_.next()) {
      if (const auto code = Try(*trial)) return code;
    }
    return std::nullopt;
  }

  // The result of the highest rate that holds (else of the lowest), with the curve.
  [[nodiscard]] Result Conclude() {
    const measure::SearchAnswer answer = search_.answer();
    Result result = std::move(held_.has_value() ? *held_ : *lowest_);
    result.title = absl::StrCat("highest rate of ", result.scenario, ": ", result.title);
    result.scenario = "search";
    result.verdict = JudgeSearch(answer, points_, settings_.allow_invalid);
    result.search = points_;
    if (interrupted_per_s_ > 0) NoteInterruption(result);
    if (answer.holds_per_s > 0) result.scalars["highest_per_s"] = answer.holds_per_s;
    if (!border_.empty()) {
      result.notes.push_back(
          absl::StrCat("At ", measure::FormatRate(answer.limit_per_s), ": ", border_));
    }
    if (held_.has_value()) {
      result.notes.push_back(absl::StrCat("The tables below are those of the run at ",
                                          measure::FormatRate(answer.holds_per_s), "."));
    }
    return result;
  }

 private:
  void SayWhatIsSearched() const {
    if (settings_.quiet) return;
    std::fprintf(stderr, "search %s:", settings_.command.c_str());
    for (const std::string& assertion : settings_.assertions) {
      std::fprintf(stderr, "  %s", assertion.c_str());
    }
    std::fprintf(stderr, "\n");
  }

  [[nodiscard]] std::optional<int> Try(const measure::Trial& trial) {
    Settings run = settings_;
    run.rate = RateText(trial.rate_per_s);
    absl::StatusOr<Result> result = RunOnScreen(run, OffScreen::kNothing);
    if (!result.ok()) {
      const int code = Complain(result.status(), kUsage);
      if (takes_default_) {
        std::fprintf(stderr,
                     "mqtt-bench: search: without --assert it asks for %s; another question "
                     "is for example --assert 'p99(ack)<10ms'\n",
                     kSearchedLatency);
      }
      return code;
    }
    if (result->interrupted) {
      if (points_.empty()) {
        return Complain(absl::CancelledError("search: interrupted in its first run"), kInterrupted);
      }
      interrupted_per_s_ = trial.rate_per_s;
      search_.Stop();
      return std::nullopt;
    }
    ++runs_;
    const PointJudgement judged = JudgePoint(*result, trial.rate_per_s, settings_.allow_invalid);
    if (points_.empty()) {
      if (const auto code = RefuseFirst(*result)) return code;
    }
    const auto file = WritePoint(*result);
    if (!file.ok()) return Complain(file.status(), kRunFailed);
    SayPoint(trial, *result, judged);
    Remember(trial, *result, judged.outcome == TrialOutcome::kHolds, *file);
    if (judged.outcome != TrialOutcome::kHolds) {
      if (trial.step == measure::Trial::kRepeat) border_ = judged.why;
      if (points_.size() == 1) lowest_ = *std::move(result);
    } else if (!held_.has_value() || trial.rate_per_s > held_rate_per_s_) {
      held_rate_per_s_ = trial.rate_per_s;
      held_ = *std::move(result);
    }
    search_.Tell(judged.outcome);
    return std::nullopt;
  }

  // What cannot work at any rate is said now, not after an hour.
  static std::optional<int> RefuseFirst(const Result& result) {
    if (!RanWell(result)) {
      PrintReport(result);
      return Complain(absl::UnavailableError("search: the first run failed; see its report above"),
                      kRunFailed);
    }
    for (const report::Asserted& asserted : result.assertions) {
      if (asserted.known) continue;
      return Complain(
          absl::InvalidArgumentError(absl::StrCat(
              "--assert: ", asserted.text, " at the lowest rate (", result.counters.received,
              " were received); begin higher or measure longer, for example --from 10k "
              "--duration 10s")),
          kUsage);
    }
    return std::nullopt;
  }

  absl::StatusOr<std::string> WritePoint(const Result& result) const {
    if (settings_.points_folder.empty()) return "";
    const std::string name = absl::StrFormat("%s/%02d-%s", settings_.points_folder, runs_,
                                             RateText(result.rates.offered_per_s));
    std::vector<std::string> files(Outputs().size());
    files[0] = name + ".json";
    files[1] = PageOf(files[0]);
    if (const absl::Status status = WriteOutputs(result, files); !status.ok()) {
      return absl::UnavailableError(absl::StrCat("--points: ", status.message()));
    }
    return files[0];
  }

  void SayPoint(const measure::Trial& trial, const Result& result,
                const PointJudgement& judged) const {
    if (settings_.quiet) return;
    static constexpr const char* kSteps[] = {"climb", "bisect", "again"};
    const measure::Histogram& response = result.histograms[report::Metric::kResponse];
    const auto time = [&response](double percentile) {
      return response.Supports(percentile)
                 ? measure::FormatTime(response.ValueAtPercentile(percentile))
                 : std::string("-");
    };
    const std::string line = absl::StrCat(
        report::PadLeft(measure::FormatRate(trial.rate_per_s), 10), "  ",
        report::PadRight(kSteps[trial.step], 6), "  received ",
        report::PadLeft(measure::FormatRate(result.rates.received_per_s), 8), "  p50 ",
        report::PadLeft(time(50), 7), "  p99 ", report::PadLeft(time(99), 7), "  ",
        judged.outcome == TrialOutcome::kHolds ? "holds" : "",
        judged.why.empty() || judged.outcome != TrialOutcome::kHolds ? "" : ", ", judged.why, "\n");
    std::fputs(line.c_str(), stderr);
  }

  // One point a rate: the last run at it decides.
  void Remember(const measure::Trial& trial, const Result& result, bool holds,
                const std::string& file) {
    const measure::Histogram& response = result.histograms[report::Metric::kResponse];
    const auto time = [&response](double percentile) {
      return response.Supports(percentile) ? response.ValueAtPercentile(percentile) : 0;
    };
    std::erase_if(points_, [&trial](const SearchPoint& point) {
      return point.rate_per_s == trial.rate_per_s;
    });
    const SearchPoint point = {.rate_per_s = trial.rate_per_s,
                               .received_per_s = result.rates.received_per_s,
                               .p50_ns = time(50),
                               .p99_ns = time(99),
                               .p999_ns = time(99.9),
                               .holds = holds,
                               .is_valid = result.verdict.is_valid(),
                               .result_file = file};
    points_.insert(
        std::ranges::upper_bound(points_, point.rate_per_s, {}, &SearchPoint::rate_per_s), point);
  }

  // What was found until then holds, but there may be more.
  void NoteInterruption(Result& result) const {
    result.interrupted = true;
    result.notes.push_back(absl::StrCat(
        "Interrupted at ", measure::FormatRate(interrupted_per_s_), " after ", points_.size(),
        points_.size() == 1 ? " rate" : " rates", ": the search was not over."));
  }

  Settings settings_;
  measure::RateSearch search_;
  bool takes_default_ = false;    // Nobody said what has to hold.
  double interrupted_per_s_ = 0;  // The run that was and counts for nothing; zero: none.
  int runs_ = 0;
  std::vector<SearchPoint> points_;  // By rising rate.
  std::optional<Result> held_;       // Of the highest rate that holds.
  double held_rate_per_s_ = 0;
  std::optional<Result> lowest_;
  std::string border_;  // Why the lowest rate that does not hold does not, tried twice.
};

}  // namespace

absl::StatusOr<measure::RateSearchOptions> ParseSearch(const Settings& settings) {
  measure::RateSearchOptions options;
  const auto from = ParseSearchRate("--from", settings.search_from, "--from 5k");
  if (!from.ok()) return from.status();
  options.from_per_s = *from;
  if (!settings.search_to.empty()) {
    const auto to = ParseSearchRate("--to", settings.search_to, "--to 200k");
    if (!to.ok()) return to.status();
    options.to_per_s = *to;
  }
  if (options.to_per_s < options.from_per_s) {
    return Bad("--to", "it lies below --from", "--from 5k --to 200k");
  }
  options.factor = settings.search_factor;
  if (!(options.factor >= 1.05 && options.factor <= 100)) {
    return Bad("--factor", "from 1.05 to 100", "--factor 2");
  }
  const auto tolerance = ParseTolerance(settings.search_tolerance);
  if (!tolerance.ok()) return tolerance.status();
  options.tolerance = *tolerance;
  return options;
}

PointJudgement JudgePoint(const Result& result, double rate_per_s, bool allow_invalid) {
  const bool is_generators = result.verdict.kind == measure::Verdict::kGeneratorLimited;
  const auto fail = [&](const std::string& why) -> PointJudgement {
    if (is_generators && !allow_invalid) {
      return {TrialOutcome::kGeneratorLimited, absl::StrCat(result.verdict.text, "; ", why)};
    }
    return {TrialOutcome::kFails, why};
  };
  const bool is_part = !result.verdict.is_valid() && !is_generators;
  for (const auto& [text, count] : result.errors.connect_errors) {
    return fail(absl::StrCat(count, " connections: ", text));
  }
  if (!RanWell(result)) return fail("the broker refused, with reason codes");
  if (is_part) return fail(result.verdict.text);
  for (const report::Asserted& asserted : result.assertions) {
    if (!asserted.known || !asserted.holds) return fail(asserted.text);
  }
  // What was due last may go a moment later, or every hiccup at the end would decide.
  constexpr double kBehindSMax = 0.1;
  const double behind_s = result.phases.measure_s * (1 - result.rates.sent_per_s / rate_per_s);
  const double tolerated_s = result.phases.measure_s * (1 - measure::kAchievedShareMin);
  if (behind_s > std::max(tolerated_s, kBehindSMax)) {
    return fail(absl::StrCat("only ", measure::FormatRate(result.rates.sent_per_s), " were sent"));
  }
  return {TrialOutcome::kHolds, is_generators ? "though the generator was late" : ""};
}

measure::Verdict JudgeSearch(const measure::SearchAnswer& answer,
                             std::span<const SearchPoint> points, bool allow_invalid) {
  using measure::SearchAnswer;
  using measure::Verdict;
  const std::string text = measure::Describe(answer);
  if (answer.kind == SearchAnswer::kStopped && answer.holds_per_s == 0) {
    return {Verdict::kNotMeasured, "INVALID, " + text};
  }
  if (answer.kind == SearchAnswer::kNotMeasured) {
    return {Verdict::kGeneratorLimited, "INVALID, " + text};
  }
  const auto invalid = std::ranges::count(points, false, &SearchPoint::is_valid);
  // Without --allow-invalid a rate at which the generator was late is no border.
  const bool rests_on_invalid = std::ranges::any_of(points, [&](const SearchPoint& point) {
    const bool is_border = allow_invalid && point.rate_per_s == answer.limit_per_s;
    return !point.is_valid && (point.rate_per_s == answer.holds_per_s || is_border);
  });
  if (rests_on_invalid) {
    return {Verdict::kGeneratorLimited, absl::StrCat("INVALID, generator-limited at ", invalid,
                                                     " of ", points.size(), " points: ", text)};
  }
  if (answer.kind == SearchAnswer::kNothingHolds) {
    return {Verdict::kTargetLimited, "FAILED, " + text};
  }
  return {Verdict::kValid, "VALID, " + text};
}

int RunSearch(const Settings& settings, const std::string& command_line) {
  if (!settings.rate.empty() || !settings.messages.empty()) {
    return Complain(Bad(settings.rate.empty() ? "--messages" : "--rate",
                        "search chooses how many itself", "search --from 5k --to 200k"),
                    kUsage);
  }
  const auto options = ParseSearch(settings);
  if (!options.ok()) return Complain(options.status(), kUsage);
  if (const absl::Status status = MakePointsFolder(settings.points_folder); !status.ok()) {
    return Complain(status, kUsage);
  }
  Searcher searcher(settings, *options);
  if (const auto code = searcher.Run()) return *code;
  Result result = searcher.Conclude();
  result.command_line = command_line;
  return Finish(result, settings);
}

}  // namespace ringmq::bench
