// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace ringmq::bench {
namespace {

using report::Metric;
using report::Result;

const measure::Histogram* HistogramOf(const Result& result, std::string_view time) {
  if (time == "response") return &result.histograms[Metric::kResponse];
  if (time == "service") return &result.histograms[Metric::kService];
  if (time == "ack") return &result.histograms[Metric::kAck];
  if (time == "lag") return &result.histograms[Metric::kSendLag];
  if (time == "connect") return &result.histograms[Metric::kConnect];
  if (time == "first") return &result.histograms[Metric::kFirstMessage];
  if (time == "last") return &result.histograms[Metric::kLastMessage];
  // All others are called what they are called in files.
  for (size_t i = 0; i < report::kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (time == report::MetricName(metric)) return &result.histograms[metric];
  }
  return nullptr;
}

uint64_t CountErrors(const Result& result) {
  uint64_t errors = 0;
  for (const auto& [reason, count] : result.errors.by_reason) errors += count;
  for (const auto& [text, count] : result.errors.connect_errors) errors += count;
  return errors;
}

struct CountMetric {
  std::string_view name;
  uint64_t measure::IntegrityCounts::*count;
  std::string_view name_in_files;
};

constexpr CountMetric kCounts[] = {
    {"loss", &measure::IntegrityCounts::lost, "lost"},
    {"loss_permitted", &measure::IntegrityCounts::lost_permitted, "lost_permitted"},
    {"loss_unpromised", &measure::IntegrityCounts::lost_unpromised, "lost_unpromised"},
    {"surplus", &measure::IntegrityCounts::surplus, "surplus"},
    {"duplicates", &measure::IntegrityCounts::duplicates, "duplicates"},
    {"duplicates_permitted", &measure::IntegrityCounts::duplicates_permitted,
     "duplicates_permitted"},
    {"reordered", &measure::IntegrityCounts::reordered, "reordered"},
    {"corrupt", &measure::IntegrityCounts::corrupt, "corrupt"},
    {"misrouted", &measure::IntegrityCounts::misrouted, "misrouted"},
    {"wrong_qos", &measure::IntegrityCounts::wrong_qos, "wrong_qos"},
    {"foreign", &measure::IntegrityCounts::foreign, "foreign"},
};

const CountMetric* FindCount(std::string_view name) {
  const auto* const found = std::ranges::find(kCounts, name, &CountMetric::name);
  return found == std::end(kCounts) ? nullptr : found;
}

// What a message's stamp tells of the phase that it is of.
constexpr std::string_view kTimesOfPhase[] = {"response", "service", "ack", "lag"};
constexpr std::string_view kScalarsOfPhase[] = {
    "loss",      "loss_permitted", "loss_unpromised", "duplicates", "reordered",
    "wrong_qos", "rate",           "sent_rate",       "acked_rate", "offered_rate"};

}  // namespace

absl::StatusOr<std::vector<measure::Assertion>> ParseAssertions(
    const std::vector<std::string>& texts) {
  std::vector<measure::Assertion> assertions;
  for (const std::string& text : texts) {
    absl::StatusOr<measure::Assertion> assertion = measure::ParseAssertion(text);
    if (!assertion.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--assert: ", assertion.status().message()));
    }
    assertions.push_back(*std::move(assertion));
  }
  return assertions;
}

std::optional<double> ValueOf(const Result& result, std::string_view metric) {
  if (const auto time = measure::ParseTimeMetric(metric)) {
    const measure::Histogram* const histogram = HistogramOf(result, time->time);
    return histogram == nullptr ? std::nullopt : measure::Evaluate(*time, *histogram);
  }
  if (const CountMetric* const found = FindCount(metric)) {
    if (!report::IsVerified(result, found->name_in_files)) return std::nullopt;
    return static_cast<double>(result.integrity.*found->count);
  }
  if (metric == "errors") return static_cast<double>(CountErrors(result));
  if (metric == "rate") return result.rates.received_per_s;
  if (metric == "sent_rate") return result.rates.sent_per_s;
  if (metric == "acked_rate") return result.rates.acked_per_s;
  if (metric == "offered_rate") return result.rates.offered_per_s;
  // Zero: there was nothing to divide by.
  const auto measured = [](double value) {
    return value > 0 ? std::optional(value) : std::nullopt;
  };
  if (result.broker.has_value() && metric == "cpu_per_million") {
    return measured(result.broker->cpu_s_per_million);
  }
  if (result.broker.has_value() && metric == "rss_per_connection") {
    return measured(result.broker->rss_bytes_per_connection);
  }
  if (const auto found = result.scalars.find(std::string(metric)); found != result.scalars.end()) {
    return found->second;
  }
  return std::nullopt;
}

bool CanTell(const Result& kind, const measure::Assertion& assertion, OfWhat of_what) {
  if (const CountMetric* const found = FindCount(assertion.metric)) {
    return of_what == OfWhat::kPhase ? report::IsVerifiedOfPhase(kind, found->name_in_files)
                                     : report::IsVerified(kind, found->name_in_files);
  }
  const auto time = measure::ParseTimeMetric(assertion.metric);
  if (!time.has_value()) return true;
  if (time->time == "response") return kind.stamp != "none" && kind.stamp != "number";
  return time->time != "service" || kind.stamp != "none";
}

bool IsOfPhase(const measure::Assertion& assertion) {
  if (const auto time = measure::ParseTimeMetric(assertion.metric)) {
    return std::ranges::find(kTimesOfPhase, time->time) != std::end(kTimesOfPhase);
  }
  return std::ranges::find(kScalarsOfPhase, assertion.metric) != std::end(kScalarsOfPhase);
}

void JudgePhaseBy(const std::vector<measure::Assertion>& assertions, const Result& whole,
                  report::LoadPhase& phase) {
  Result result;
  result.stamp = whole.stamp;
  result.verify = whole.verify;
  result.counters = phase.counters;
  result.rates = phase.rates;
  result.integrity = phase.integrity;
  result.histograms = phase.histograms;
  phase.assertions.clear();
  for (const measure::Assertion& assertion : assertions) {
    // Of a phase that the run did not come to nothing is known.
    const measure::Judgement judgement =
        measure::Judge(assertion, [&](std::string_view metric) -> std::optional<double> {
          const bool is_known = phase.duration_s > 0 && IsOfPhase(assertion) &&
                                CanTell(result, assertion, OfWhat::kPhase);
          return is_known ? ValueOf(result, metric) : std::nullopt;
        });
    phase.assertions.push_back({.assertion = assertion.text,
                                .text = judgement.text,
                                .holds = judgement.holds,
                                .known = judgement.known});
  }
}

void JudgeBy(const std::vector<measure::Assertion>& assertions, Result& result) {
  result.assertions.clear();
  for (const measure::Assertion& assertion : assertions) {
    const measure::Judgement judgement =
        measure::Judge(assertion, [&](std::string_view metric) { return ValueOf(result, metric); });
    result.assertions.push_back({.assertion = assertion.text,
                                 .text = judgement.text,
                                 .holds = judgement.holds,
                                 .known = judgement.known});
  }
}

}  // namespace ringmq::bench
