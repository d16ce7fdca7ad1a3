// SPDX-License-Identifier: Apache-2.0
#include "report/merge_hosts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "measure/quantity.h"
#include "report/columns.h"
#include "report/merge.h"
#include "report/result_json.h"

namespace ringmq::report {
namespace {

std::string ValueIn(const Result& result, std::string_view key) {
  for (const auto& [name, value] : result.config) {
    if (name == key) return value;
  }
  return "nothing";
}

// What a merged result says of those that it was made of.
constexpr std::string_view kPart = "part ";

// Where hosts that share a load may differ: each has its own address of the broker, cores and
// topics, and its part of the rate.
bool MayDiffer(std::string_view name) {
  return name.starts_with(kPart) || name == "url" || name == "rate" || name == "threads" ||
         name == "messages" || name == "topic" || name == "filter";
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
  for (const auto& [name, value] : other.config) {
    if (!MayDiffer(name)) found.push_back(said(name, ValueIn(one, name), value));
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

struct Apart {
  double latest_s = 0;       // How much later than the first the last one began,
  bool are_together = true;  // which is before any of them ended.
};

Apart ApartOf(std::span<const Result> results, const std::vector<double>& delays) {
  if (delays.empty()) return {};
  double shortest = results.front().phases.measure_s;
  for (const Result& result : results) shortest = std::min(shortest, result.phases.measure_s);
  const double latest = *std::ranges::max_element(delays);
  return {.latest_s = latest, .are_together = latest < 1 || latest < shortest};
}

void NoteTimes(const Apart& apart, const std::vector<double>& delays, Result& whole) {
  if (delays.empty()) {
    whole.notes.emplace_back(
        "Not all results say when they began: seconds were laid over each "
        "other from the beginning of each.");
  } else if (!apart.are_together) {
    whole.notes.push_back(absl::StrFormat(
        "The generators ran one after the other (%.0f s apart): rates are sums of what never was "
        "at the same time.",
        apart.latest_s));
    if (!whole.verdict.is_valid()) return;
    whole.verdict = {measure::Verdict::kIncomplete,
                     "INVALID, incomplete: the generators did not run at the same time"};
  } else if (apart.latest_s >= 1) {
    whole.notes.push_back(
        absl::StrFormat("The generators did not begin together, but up to %.0f s apart: rates are "
                        "sums, though not all of it was at the same time.",
                        apart.latest_s));
  }
}

// Whoever subscribes to all that there is hears the other generators by intention.
void NoteOthers(Result& whole) {
  if (whole.integrity.foreign == 0 || whole.scenario == "sub") return;
  constexpr std::string_view kBeginning = "Subscribers heard messages that are not";
  std::erase_if(whole.notes,  // Of a result that was merged before.
                [](const std::string& note) { return note.starts_with(kBeginning); });
  whole.notes.push_back(absl::StrCat(
      std::string(kBeginning), " their own generator's (", GroupDigits(whole.integrity.foreign),
      "), perhaps each other's: each generator needs a --topic of its own."));
}

// The sum of rates or numbers, "2.5k (1k, 1.5k)"; a list if they are none; each once.
std::string JoinedValue(std::string_view name, const std::vector<std::string>& values) {
  double sum = 0;
  bool adds_up = name == "rate" || name == "messages";
  std::vector<std::string> different;
  for (const std::string& value : values) {
    if (std::ranges::find(different, value) == different.end()) different.push_back(value);
    // A merged result has its parts behind the sum.
    std::string_view number = std::string_view(value).substr(0, value.find(" ("));
    if (number.ends_with("/s")) number.remove_suffix(2);
    const absl::StatusOr<double> count = measure::ParseCount(number);
    adds_up = adds_up && count.ok();
    if (adds_up) sum += *count;
  }
  if (!adds_up) return absl::StrJoin(different, ", ");
  return absl::StrCat(sum >= 1'000 ? absl::StrCat(sum / 1'000, "k") : absl::StrCat(sum), " (",
                      absl::StrJoin(values, " + "), ")");
}

// Of all of them, in the order of the first.
void JoinConfig(std::span<const Result> results, Result& whole) {
  std::vector<std::string> names;
  for (const Result& result : results) {
    for (const auto& [name, value] : result.config) {
      const bool is_new = std::ranges::find(names, name) == names.end();
      if (is_new && !name.starts_with(kPart)) names.push_back(name);
    }
  }
  whole.config.clear();
  for (const std::string& name : names) {
    std::vector<std::string> values;
    for (const Result& result : results) {
      const std::string value = ValueIn(result, name);
      values.push_back(value == "nothing" ? "the default" : value);
    }
    whole.config.emplace_back(name, JoinedValue(name, values));
  }
}

// Who made it, one by one; those of a merged result instead of itself.
void AddParts(std::span<const Result> results, const Merging& merging, Result& whole) {
  size_t count = 0;
  std::vector<std::string> titles;
  for (size_t i = 0; i < results.size(); ++i) {
    const Result& result = results[i];
    const size_t before = count;
    const auto add = [&](const std::string& text) {
      whole.config.emplace_back(absl::StrCat(std::string(kPart), ++count), text);
    };
    for (const auto& [name, value] : result.config) {
      if (name.starts_with(kPart)) add(absl::StrCat(merging.sources[i], ": ", value));
    }
    if (count == before) {
      add(absl::StrCat(merging.sources[i], ": ", result.title, ", ", result.start_time));
    }
    if (std::ranges::find(titles, result.title) == titles.end()) titles.push_back(result.title);
  }
  whole.title = absl::StrCat(count, titles.size() == 1 ? " generators, each: " : " generators: ",
                             absl::StrJoin(titles, " + "));
}

// Two that are one and the same; empty: there are none.
std::string TwinsIn(std::span<const Result> results, const Merging& merging) {
  for (size_t i = 0; i < results.size(); ++i) {
    for (size_t j = i + 1; j < results.size(); ++j) {
      const bool may_be = results[i].start_time == results[j].start_time &&
                          results[i].command_line == results[j].command_line;
      if (!may_be || ToJson(results[i]) != ToJson(results[j])) continue;
      return absl::StrCat(merging.sources[i], " and ", merging.sources[j],
                          " are the same result, which would count twice");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<Result> MergeHosts(std::span<const Result> results, const Merging& merging) {
  RMQ_CHECK(results.size() >= 2);
  RMQ_CHECK(merging.sources.size() == results.size());
  if (const std::string twins = TwinsIn(results, merging); !twins.empty()) {
    return absl::InvalidArgumentError(twins);
  }
  std::vector<std::string> differences;
  for (size_t i = 1; i < results.size(); ++i) {
    const std::string difference = DifferenceOf(results.front(), results[i]);
    if (difference.empty()) continue;
    differences.push_back(
        absl::StrCat(merging.sources.front(), " and ", merging.sources[i], ": ", difference));
  }
  const std::vector<double> delays = DelaysOf(results);
  const Apart apart = ApartOf(results, delays);
  if (!apart.are_together && !merging.allows_differences) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "they did not run at the same time, but %.0f s apart (or their hosts' clocks differ); "
        "--force merges them all the same",
        apart.latest_s));
  }
  if (!differences.empty() && !merging.allows_differences) {
    return absl::InvalidArgumentError(
        absl::StrCat(differences.front(), "; --force merges them all the same"));
  }
  std::vector<Result> parts(results.begin(), results.end());
  for (size_t i = 0; i < delays.size(); ++i) Shift(delays[i], parts[i]);
  Result whole = Merge(parts, "result");
  for (size_t i = 0; i < delays.size(); ++i) {
    if (delays[i] == 0) whole.start_time = results[i].start_time;
    if (!apart.are_together) continue;  // Counts by that time would contradict the rates.
    whole.phases.measure_s =
        std::max(whole.phases.measure_s, delays[i] + parts[i].phases.measure_s);
  }
  for (const Result& part : parts) JoinTelemetry(part, whole);
  JoinConfig(results, whole);
  AddParts(results, merging, whole);
  for (const std::string& difference : differences) {
    whole.notes.push_back(absl::StrCat("Merged all the same (--force): ", difference, "."));
  }
  NoteTimes(apart, delays, whole);
  NoteOthers(whole);
  return whole;
}

}  // namespace ringmq::report
