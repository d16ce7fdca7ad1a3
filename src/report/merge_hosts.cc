// SPDX-License-Identifier: Apache-2.0
#include "report/merge_hosts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "report/merge.h"

namespace ringmq::report {
namespace {

std::string ValueIn(const Result& result, std::string_view key) {
  for (const auto& [name, value] : result.config) {
    if (name == key) return value;
  }
  return "nothing";
}

// Where hosts that share a load may differ: each has its own address of the broker, cores and
// topics, and its part of the rate.
bool MayDiffer(std::string_view name) {
  return name == "url" || name == "rate" || name == "threads" || name == "messages" ||
         name == "topic" || name == "filter";
}

// The first difference; empty: there is none.
std::string DifferenceOf(const Result& one, const Result& other) {
  const auto said = [](std::string_view what, const std::string& a, const std::string& b) {
    return a == b ? "" : absl::StrCat(std::string(what), " differs: ", a, " and ", b);
  };
  std::vector<std::string> found = {
      said("the scenario", one.scenario, other.scenario),
      said("QoS", absl::StrCat(one.qos), absl::StrCat(other.qos)),
      said("the number of phases", absl::StrCat(one.load_phases.size()),
           absl::StrCat(other.load_phases.size()))};
  for (const auto& [name, value] : one.config) {
    if (!MayDiffer(name)) found.push_back(said(name, value, ValueIn(other, name)));
  }
  std::erase(found, "");
  return found.empty() ? "" : found.front();
}

// When it began to measure, by its host's clock; nothing: it does not say.
std::optional<double> MeasuredFrom(const Result& result) {
  absl::Time start;
  if (!absl::ParseTime(absl::RFC3339_full, result.start_time, &start, nullptr)) return {};
  return absl::ToDoubleSeconds(start - absl::UnixEpoch()) + result.phases.connect_s +
         result.phases.warmup_s;
}

void Shift(double seconds, Result& result) {
  for (Second& second : result.series) second.at_s += seconds;
  for (Interval& interval : result.intervals) interval.at_s += seconds;
}

void JoinTelemetry(const Result& part, Result& whole) {
  for (const Telemetry& telemetry : part.telemetry) {
    const bool is_there = std::ranges::any_of(
        whole.telemetry, [&](const Telemetry& other) { return other.source == telemetry.source; });
    if (!is_there) whole.telemetry.push_back(telemetry);
  }
}

// How much later each began than the first; empty: it cannot be told.
std::vector<double> DelaysOf(std::span<const Result> results) {
  std::vector<double> from;
  for (const Result& result : results) {
    const std::optional<double> at_s = MeasuredFrom(result);
    if (!at_s) return {};
    from.push_back(*at_s);
  }
  const double first = *std::ranges::min_element(from);
  for (double& at_s : from) at_s = std::round(at_s - first);
  return from;
}

void NoteTimes(std::span<const Result> results, const std::vector<double>& delays, Result& whole) {
  if (delays.empty()) {
    whole.notes.emplace_back(
        "Not all results say when they began: seconds were laid over each "
        "other from the beginning of each.");
    return;
  }
  const double latest = *std::ranges::max_element(delays);
  double shortest = results.front().phases.measure_s;
  for (const Result& result : results) shortest = std::min(shortest, result.phases.measure_s);
  if (latest < 1) return;
  whole.notes.push_back(
      latest < shortest
          ? absl::StrFormat("The generators did not begin together, but up to %.0f s apart: rates "
                            "are sums, though not all of it was at the same time.",
                            latest)
          : absl::StrFormat("The generators ran one after the other (%.0f s apart): rates are sums "
                            "of what never was at the same time.",
                            latest));
}

}  // namespace

absl::StatusOr<Result> MergeHosts(std::span<const Result> results, const Merging& merging) {
  RMQ_CHECK(results.size() >= 2);
  RMQ_CHECK(merging.sources.size() == results.size());
  std::vector<std::string> differences;
  for (size_t i = 1; i < results.size(); ++i) {
    const std::string difference = DifferenceOf(results.front(), results[i]);
    if (difference.empty()) continue;
    differences.push_back(
        absl::StrCat(merging.sources.front(), " and ", merging.sources[i], ": ", difference));
  }
  if (!differences.empty() && !merging.allows_differences) {
    return absl::InvalidArgumentError(
        absl::StrCat(differences.front(), "; --force merges them all the same"));
  }
  std::vector<Result> parts(results.begin(), results.end());
  const std::vector<double> delays = DelaysOf(results);
  for (size_t i = 0; i < delays.size(); ++i) Shift(delays[i], parts[i]);
  Result whole = Merge(parts, "result");
  for (size_t i = 0; i < delays.size(); ++i) {
    whole.phases.measure_s =
        std::max(whole.phases.measure_s, delays[i] + parts[i].phases.measure_s);
  }
  for (const Result& part : parts) JoinTelemetry(part, whole);
  whole.title = absl::StrCat(results.size(), " generators: ", results.front().title);
  for (size_t i = 0; i < results.size(); ++i) {
    whole.config.emplace_back(
        absl::StrCat("part ", i + 1),
        absl::StrCat(merging.sources[i], ": ", results[i].title, ", ", results[i].start_time));
  }
  for (const std::string& difference : differences) {
    whole.notes.push_back(absl::StrCat("Merged all the same (--force): ", difference, "."));
  }
  NoteTimes(results, delays, whole);
  return whole;
}

}  // namespace ringmq::report
