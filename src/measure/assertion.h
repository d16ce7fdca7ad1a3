// What a run is to be judged by, as written on the command line:
//
//   p99(e2e)<5ms   p99.9(ack)<=2ms   max(connect)<1s   mean(service)<200us
//   loss==0   errors==0   rate>=100k   cpu_per_million<0.5   rss_per_connection<600
//   retained_per_s>50k   drained_all_s<2s
//
//   assertion  = metric comparison bound
//   metric     = statistic "(" time ")" | scalar
//   statistic  = "p" number | "max" | "mean"
//   time       = "e2e" | "response" | "service" | "ack" | "lag" | "connect" | "first" | "last"
//              | "will" | a stage of connecting: "connect_tcp" | "connect_tls" | "connect_ws"
//              | "connack" | "suback" | "connect_lag"
//   scalar     = "loss" | "errors" | ... | one of scalars.h
//   comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
//
// Spaces may stand around the comparison.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "measure/histogram.h"

namespace ringmq::measure {

// One number out of one histogram, such as "p99.9(response)".
struct TimeMetric {
  enum class Statistic : uint8_t { kPercentile, kMax, kMean };
  Statistic statistic = Statistic::kPercentile;
  double percentile = 0;  // kPercentile only.
  std::string_view time;  // "response", "service", ...; lives for ever.
};

// Nothing unless `metric` is of that shape with a time that exists. "e2e" becomes "response".
[[nodiscard]] std::optional<TimeMetric> ParseTimeMetric(std::string_view metric);

// In nanoseconds. Nothing when the histogram has too few samples for it: see Histogram::Supports.
[[nodiscard]] std::optional<double> Evaluate(const TimeMetric& metric, const Histogram& histogram);

enum class Comparison : uint8_t {
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kEqual,
  kNotEqual
};

struct Assertion {
  std::string text;    // As it was written.
  std::string metric;  // "p99(response)" (e2e is spelt out) or the name of a scalar.
  Comparison comparison = Comparison::kLess;
  // Nanoseconds for times, messages per second for rates, CPU seconds for cpu_per_million, bytes
  // for rss_per_connection, seconds for scalars that are times, else a count.
  double bound = 0;
};

// The text comes from a command line; a refusal is a sentence with an example.
[[nodiscard]] absl::StatusOr<Assertion> ParseAssertion(std::string_view text);

struct Judgement {
  bool holds = false;
  std::string text;    // "p99(e2e)<5ms holds: 1.9ms"
  bool known = false;  // Without a value nothing holds, and the text says that it is missing.
};

// Asks `value_of` for the assertion's metric, in the unit of Assertion::bound.
[[nodiscard]] Judgement Judge(
    const Assertion& assertion,
    absl::FunctionRef<std::optional<double>(std::string_view metric)> value_of);

}  // namespace ringmq::measure
