// SPDX-License-Identifier: Apache-2.0
#include "measure/assertion.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "measure/quantity.h"
#include "measure/scalars.h"
#include "measure/text.h"

namespace ringmq::measure {
namespace {

constexpr std::array<std::string_view, 14> kTimes = {
    "response", "service",     "ack",         "lag",        "connect", "first",  "last",
    "will",     "connect_tcp", "connect_tls", "connect_ws", "connack", "suback", "connect_lag"};

// kSpan is a time without percentiles: its bound is written as a time, its value in seconds.
enum class Kind : uint8_t { kTime, kCount, kRate, kSeconds, kSpan, kBytes };

constexpr double kNsPerS = 1e9;

struct Scalar {
  std::string_view name;
  Kind kind;
};

// Of all commands; scalars.h has the others.
constexpr std::array<Scalar, 18> kScalars = {{
    {"loss", Kind::kCount},  // At QoS 1 and 2.
    {"loss_permitted", Kind::kCount},
    {"loss_unpromised", Kind::kCount},
    {"surplus", Kind::kCount},
    {"duplicates", Kind::kCount},
    {"duplicates_permitted", Kind::kCount},
    {"reordered", Kind::kCount},
    {"corrupt", Kind::kCount},
    {"misrouted", Kind::kCount},
    {"wrong_qos", Kind::kCount},
    {"foreign", Kind::kCount},
    {"errors", Kind::kCount},
    {"rate", Kind::kRate},       // Delivered.
    {"sent_rate", Kind::kRate},  // Offered to the socket and taken.
    {"acked_rate", Kind::kRate},
    {"offered_rate", Kind::kRate},  // Due.
    {"cpu_per_million", Kind::kSeconds},
    {"rss_per_connection", Kind::kBytes},
}};

struct Spelling {
  std::string_view sign;
  Comparison comparison;
};

// Two signs before one, so that "<=" is not read as "<" and a bound "=5".
constexpr std::array<Spelling, 6> kSpellings = {{{"<=", Comparison::kLessOrEqual},
                                                 {">=", Comparison::kGreaterOrEqual},
                                                 {"==", Comparison::kEqual},
                                                 {"!=", Comparison::kNotEqual},
                                                 {"<", Comparison::kLess},
                                                 {">", Comparison::kGreater}}};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

absl::Status Refuse(std::string_view text, std::string_view complaint) {
  return absl::InvalidArgumentError("assertion '" + std::string(text) +
                                    "': " + std::string(complaint));
}

std::optional<Kind> KindOf(std::string_view metric) {
  if (ParseTimeMetric(metric)) return Kind::kTime;
  for (const Scalar& scalar : kScalars) {
    if (scalar.name == metric) return scalar.kind;
  }
  if (FindScalar(metric) != nullptr) {
    return IsRate(metric) ? Kind::kRate : IsTime(metric) ? Kind::kSpan : Kind::kCount;
  }
  return std::nullopt;
}

absl::StatusOr<double> ParseBound(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::kTime: {
      const absl::StatusOr<int64_t> ns = ParseDuration(text);
      if (!ns.ok()) return ns.status();
      return static_cast<double>(*ns);
    }
    case Kind::kSpan: {
      const absl::StatusOr<int64_t> ns = ParseDuration(text);
      if (!ns.ok()) return ns.status();
      return static_cast<double>(*ns) / kNsPerS;
    }
    case Kind::kRate:
      // A bound may be zero, as in "rate==0", which as a rate to send at makes no sense.
      if (text == "0") return 0;
      return ParseRate(text);
    case Kind::kBytes: {
      const absl::StatusOr<SizeRange> size = ParseSizeRange(text);
      if (!size.ok()) return size.status();
      if (size->low_bytes != size->high_bytes) {
        return absl::InvalidArgumentError("a bound is one size and no range, like 600 or 4k");
      }
      return static_cast<double>(size->low_bytes);
    }
    case Kind::kCount:
    case Kind::kSeconds:
      return ParseCount(text);
  }
  return ParseCount(text);
}

bool Holds(double value, Comparison comparison, double bound) {
  switch (comparison) {
    case Comparison::kLess:
      return value < bound;
    case Comparison::kLessOrEqual:
      return value <= bound;
    case Comparison::kGreater:
      return value > bound;
    case Comparison::kGreaterOrEqual:
      return value >= bound;
    case Comparison::kEqual:
      return value == bound;
    case Comparison::kNotEqual:
      return value != bound;
  }
  return false;
}

std::string Print(Kind kind, double value) {
  switch (kind) {
    case Kind::kTime:
      return FormatTime(static_cast<int64_t>(value));
    case Kind::kSpan:
      return FormatTime(static_cast<int64_t>(value * kNsPerS));
    case Kind::kRate:
      return FormatRate(value);
    case Kind::kBytes:
      return absl::StrCat(value, " B");
    case Kind::kCount:
      return absl::StrCat(value);
    case Kind::kSeconds:
      return absl::StrCat(value, " s");
  }
  return "";
}

}  // namespace

std::optional<TimeMetric> ParseTimeMetric(std::string_view metric) {
  if (!metric.ends_with(')')) return std::nullopt;
  metric.remove_suffix(1);
  std::string_view time = metric;
  const std::string_view statistic = TakeUntil('(', time);
  if (time == "e2e") time = "response";
  const auto* const known = std::find(kTimes.begin(), kTimes.end(), time);
  if (known == kTimes.end()) return std::nullopt;

  if (statistic == "max") return TimeMetric{TimeMetric::Statistic::kMax, 0, *known};
  if (statistic == "mean") return TimeMetric{TimeMetric::Statistic::kMean, 0, *known};
  if (!statistic.starts_with('p')) return std::nullopt;
  const std::optional<double> percentile = ParseNumber<double>(statistic.substr(1));
  if (!percentile || *percentile < 0 || *percentile > 100) return std::nullopt;
  return TimeMetric{TimeMetric::Statistic::kPercentile, *percentile, *known};
}

std::optional<double> Evaluate(const TimeMetric& metric, const Histogram& histogram) {
  if (histogram.count() == 0) return std::nullopt;
  switch (metric.statistic) {
    case TimeMetric::Statistic::kMax:
      return static_cast<double>(histogram.max());
    case TimeMetric::Statistic::kMean:
      return histogram.mean();
    case TimeMetric::Statistic::kPercentile:
      if (!histogram.Supports(metric.percentile)) return std::nullopt;
      return static_cast<double>(histogram.ValueAtPercentile(metric.percentile));
  }
  return std::nullopt;
}

absl::StatusOr<Assertion> ParseAssertion(std::string_view text) {
  const size_t at = text.find_first_of("<>=!");
  const std::string_view from_sign = at == std::string_view::npos ? "" : text.substr(at);
  const auto* const spelling =
      std::find_if(kSpellings.begin(), kSpellings.end(),
                   [&](const Spelling& each) { return from_sign.starts_with(each.sign); });
  if (spelling == kSpellings.end()) {
    return Refuse(text, "no comparison; write for example 'p99(e2e)<5ms' or 'loss==0'");
  }
  const std::string_view metric = Trim(text.substr(0, at));
  const std::optional<Kind> kind = KindOf(metric);
  if (!kind) {
    return Refuse(text, absl::StrCat("nothing called '", std::string(metric),
                                     "' is measured; write for example 'p99(e2e)<5ms' with e2e, "
                                     "service, ack, lag or connect, or 'loss==0'"));
  }
  const std::string_view bound_text = Trim(from_sign.substr(spelling->sign.size()));
  const absl::StatusOr<double> bound = ParseBound(*kind, bound_text);
  if (!bound.ok()) {
    const absl::string_view complaint = bound.status().message();
    return Refuse(text, {complaint.data(), complaint.size()});
  }
  Assertion assertion{.text = std::string(text),
                      .metric = std::string(metric),
                      .comparison = spelling->comparison,
                      .bound = *bound};
  constexpr std::string_view kShort = "(e2e)";
  if (metric.ends_with(kShort)) {
    assertion.metric.replace(metric.size() - kShort.size(), kShort.size(), "(response)");
  }
  return assertion;
}

Judgement Judge(const Assertion& assertion,
                absl::FunctionRef<std::optional<double>(std::string_view metric)> value_of) {
  const std::optional<double> value = value_of(assertion.metric);
  if (!value) {
    return {.text = absl::StrCat(assertion.text, " cannot be told: ", assertion.metric,
                                 " was not measured or has too few samples")};
  }
  const Kind kind = KindOf(assertion.metric).value_or(Kind::kCount);
  Judgement judgement;
  judgement.holds = Holds(*value, assertion.comparison, assertion.bound);
  judgement.known = true;
  judgement.text =
      absl::StrCat(assertion.text, judgement.holds ? " holds: " : " FAILS: ", Print(kind, *value));
  // Rounding must not make a sentence out of it that contradicts itself: "<5ms FAILS: 5.0ms".
  if (kind == Kind::kTime && Print(kind, *value) == Print(kind, assertion.bound)) {
    absl::StrAppend(&judgement.text, " (", static_cast<int64_t>(*value), "ns)");
  }
  return judgement;
}

}  // namespace ringmq::measure
