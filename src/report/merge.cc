// SPDX-License-Identifier: Apache-2.0
#include "report/merge.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringmq::report {
namespace {

void AddPhases(const Phases& from, Phases& into) {
  into.connect_s = std::max(into.connect_s, from.connect_s);
  into.warmup_s = std::max(into.warmup_s, from.warmup_s);
  into.measure_s = std::max(into.measure_s, from.measure_s);
  into.drain_s = std::max(into.drain_s, from.drain_s);
}

void AddCounts(const Counters& from, Counters& into) {
  into.offered += from.offered;
  into.sent += from.sent;
  into.acked += from.acked;
  into.received += from.received;
  into.expected += from.expected;
}

void AddRates(const Rates& from, Rates& into) {
  into.offered_per_s += from.offered_per_s;
  into.sent_per_s += from.sent_per_s;
  into.acked_per_s += from.acked_per_s;
  into.received_per_s += from.received_per_s;
}

void AddErrors(const Errors& from, Errors& into) {
  for (const auto& [code, count] : from.by_reason) into.by_reason[code] += count;
  for (const auto& [text, count] : from.connect_errors) into.connect_errors[text] += count;
  into.reconnects += from.reconnects;
}

// Requires: both are the same second.
void AddSecond(const Second& from, Second& into) {
  const auto all = static_cast<double>(into.received + from.received);
  if (all > 0) {
    const double share = static_cast<double>(from.received) / all;
    into.response_p50_ns = std::llround(static_cast<double>(into.response_p50_ns) * (1 - share) +
                                        static_cast<double>(from.response_p50_ns) * share);
  }
  into.response_p99_ns = std::max(into.response_p99_ns, from.response_p99_ns);
  into.lag_p99_ns = std::max(into.lag_p99_ns, from.lag_p99_ns);
  into.broker_cpu_cores = std::max(into.broker_cpu_cores, from.broker_cpu_cores);
  into.broker_rss_bytes = std::max(into.broker_rss_bytes, from.broker_rss_bytes);
  into.offered += from.offered;
  into.sent += from.sent;
  into.acked += from.acked;
  into.received += from.received;
  into.errors += from.errors;
  for (size_t i = 0; i < kHeatCells; ++i) into.heat[i] += from.heat[i];
}

void AddSeries(const std::vector<Second>& from, std::vector<Second>& into) {
  std::map<int64_t, Second> by_second;
  for (const Second& second : into) by_second[std::llround(second.at_s)] = second;
  for (const Second& second : from) {
    const auto [found, fresh] = by_second.try_emplace(std::llround(second.at_s), second);
    if (!fresh) AddSecond(second, found->second);
  }
  into.clear();
  for (const auto& [at, second] : by_second) into.push_back(second);
}

void AddEncoded(const std::string& from, std::string& into) {
  if (from.empty()) return;
  if (into.empty()) {
    into = from;
    return;
  }
  absl::StatusOr<measure::Histogram> sum = measure::Histogram::Decode(into);
  const absl::StatusOr<measure::Histogram> part = measure::Histogram::Decode(from);
  if (!sum.ok() || !part.ok()) return;  // Whoever read them has said so.
  sum->Merge(*part);
  into = sum->Encode();
}

void AddIntervals(const std::vector<Interval>& from, std::vector<Interval>& into) {
  std::map<int64_t, Interval> by_second;
  for (const std::vector<Interval>* const list : {&std::as_const(into), &from}) {
    for (const Interval& interval : *list) {
      const auto [found, fresh] = by_second.try_emplace(std::llround(interval.at_s), interval);
      if (fresh) continue;
      for (size_t i = 0; i < kMetricCount; ++i) {
        AddEncoded(interval.histograms.by_metric[i], found->second.histograms.by_metric[i]);
      }
    }
  }
  into.clear();
  for (auto& [at, interval] : by_second) into.push_back(std::move(interval));
}

// Phase by phase: they are those of one plan.
void AddLoadPhases(const std::vector<LoadPhase>& from, std::vector<LoadPhase>& into) {
  for (size_t i = 0; i < std::min(from.size(), into.size()); ++i) {
    into[i].duration_s = std::max(into[i].duration_s, from[i].duration_s);
    AddCounts(from[i].counters, into[i].counters);
    AddRates(from[i].rates, into[i].rates);
    into[i].integrity.Add(from[i].integrity);
    for (size_t metric = 0; metric < kMetricCount; ++metric) {
      into[i].histograms.by_metric[metric].Merge(from[i].histograms.by_metric[metric]);
    }
    into[i].assertions.clear();
  }
}

void AddBroker(const std::optional<BrokerCost>& from, std::optional<BrokerCost>& into) {
  if (!from) return;
  if (!into) {
    into = from;
    return;
  }
  into->cpu_s = std::max(into->cpu_s, from->cpu_s);
  // Whoever looked first saw the broker before the others had connected.
  into->rss_before_bytes = std::min(into->rss_before_bytes, from->rss_before_bytes);
  into->rss_after_bytes = std::max(into->rss_after_bytes, from->rss_after_bytes);
}

void AddGenerator(const Result& from, Result& into) {
  const auto ours = static_cast<double>(into.connections);
  const auto theirs = static_cast<double>(from.connections);
  if (ours + theirs > 0) {
    into.generator.bytes_per_connection = (into.generator.bytes_per_connection * ours +
                                           from.generator.bytes_per_connection * theirs) /
                                          (ours + theirs);
  }
  into.generator.cpu_s += from.generator.cpu_s;
  into.connections += from.connections;
  into.processes += from.processes;
  into.interrupted |= from.interrupted;
}

void AddScalars(const Result& from, Result& into) {
  for (const auto& [name, value] : from.scalars) {
    const std::string_view view = name;
    const bool is_time =
        view.ends_with("_ns") || (view.ends_with("_s") && !view.ends_with("per_s"));
    const auto [found, fresh] = into.scalars.try_emplace(name, value);
    if (!fresh) found->second = is_time ? std::max(found->second, value) : found->second + value;
  }
}

void AddNotes(const Result& from, Result& into) {
  for (const std::string& note : from.notes) {
    const bool is_new = std::find(into.notes.begin(), into.notes.end(), note) == into.notes.end();
    if (is_new) into.notes.push_back(note);
  }
}

// The figures that are quotients of what was added up.
void Divide(Result& result) {
  const auto messages = static_cast<double>(CostedMessages(result));
  if (messages > 0) result.generator.cpu_s_per_million = result.generator.cpu_s * 1e6 / messages;
  if (!result.broker) return;
  BrokerCost& broker = *result.broker;
  if (messages > 0) broker.cpu_s_per_million = broker.cpu_s * 1e6 / messages;
  if (result.connections > 0 && broker.rss_after_bytes > broker.rss_before_bytes) {
    broker.rss_bytes_per_connection =
        static_cast<double>(broker.rss_after_bytes - broker.rss_before_bytes) /
        static_cast<double>(result.connections);
  }
}

measure::Verdict WorstVerdict(std::span<const Result> parts, const Result& whole,
                              const char* part_name) {
  size_t worst = 0;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].verdict.kind > parts[worst].verdict.kind) worst = i;
  }
  measure::Verdict verdict = parts[worst].verdict;
  if (parts.size() == 1) return verdict;
  switch (verdict.kind) {
    case measure::Verdict::kValid:
      break;
    case measure::Verdict::kTargetLimited:
      // The text of a part tells the rate of that part.
      verdict.text =
          absl::StrCat("VALID, target-limited at ", std::llround(whole.rates.received_per_s), "/s");
      break;
    case measure::Verdict::kGeneratorLimited:
    case measure::Verdict::kIncomplete:
    case measure::Verdict::kNotMeasured:
      absl::StrAppend(&verdict.text, ", in ", part_name, " ", worst + 1, " of ", parts.size());
      break;
  }
  return verdict;
}

}  // namespace

Result Merge(std::span<const Result> parts, const char* part_name) {
  RMQ_CHECK(!parts.empty());
  Result whole = parts.front();
  for (const Result& part : parts.subspan(1)) {
    AddPhases(part.phases, whole.phases);
    AddCounts(part.counters, whole.counters);
    AddRates(part.rates, whole.rates);
    AddLoadPhases(part.load_phases, whole.load_phases);
    AddErrors(part.errors, whole.errors);
    AddSeries(part.series, whole.series);
    AddIntervals(part.intervals, whole.intervals);
    AddBroker(part.broker, whole.broker);
    AddGenerator(part, whole);
    AddScalars(part, whole);
    AddNotes(part, whole);
    whole.integrity.Add(part.integrity);
    whole.closed_loop = whole.closed_loop || part.closed_loop;
    for (size_t i = 0; i < kMetricCount; ++i) {
      whole.histograms.by_metric[i].Merge(part.histograms.by_metric[i]);
    }
  }
  if (parts.size() > 1) {
    Divide(whole);
    whole.assertions.clear();
  }
  whole.verdict = WorstVerdict(parts, whole, part_name);
  return whole;
}

}  // namespace ringmq::report
