// SPDX-License-Identifier: Apache-2.0
#include "report/figures.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"

namespace ringmq::report {
namespace {

using measure::Direction;

std::string NanosecondsText(double value) {
  return measure::FormatTime(static_cast<int64_t>(value));
}

std::string NumberText(double value) { return measure::FormatCount(value); }

std::optional<double> Positive(double value) {
  if (value <= 0) return std::nullopt;
  return value;
}

void AddPercentiles(Metric metric, std::vector<Figure>& figures) {
  for (const auto& [name, percentile] :
       {std::pair("p50", 50.0), std::pair("p99", 99.0), std::pair("p99.9", 99.9)}) {
    figures.push_back(
        {.name = absl::StrCat(name, " ", MetricTitle(metric)),
         .of = [metric, percentile = percentile](const Result& result) -> std::optional<double> {
           const measure::Histogram& histogram = result.histograms[metric];
           if (!histogram.Supports(percentile)) return std::nullopt;
           return Positive(static_cast<double>(histogram.ValueAtPercentile(percentile)));
         },
         .text = NanosecondsText});
  }
}

}  // namespace

std::vector<Figure> Figures() {
  std::vector<Figure> figures;
  figures.push_back({.name = "received per s",
                     .direction = Direction::kHigherIsBetter,
                     .of = [](const Result& r) { return Positive(r.rates.received_per_s); },
                     .text = NumberText});
  AddPercentiles(Metric::kResponse, figures);
  AddPercentiles(Metric::kService, figures);
  AddPercentiles(Metric::kAck, figures);
  AddPercentiles(Metric::kConnack, figures);
  const auto of_broker = [&figures](std::string name, double BrokerCost::*member,
                                    std::string (*text)(double)) {
    figures.push_back({.name = std::move(name),
                       .of =
                           [member](const Result& r) {
                             return r.broker ? Positive(*r.broker.*member) : std::nullopt;
                           },
                       .text = text});
  };
  of_broker("broker CPU s per million", &BrokerCost::cpu_s_per_million, [](double value) {
    return value < 10 ? absl::StrFormat("%.3f", value) : absl::StrFormat("%.1f", value);
  });
  of_broker("broker memory per connection", &BrokerCost::rss_bytes_per_connection,
            measure::FormatBytes);
  return figures;
}

std::vector<double> ValuesOf(const Figure& figure, std::span<const Result> results) {
  std::vector<double> values;
  for (const Result& result : results) {
    const std::optional<double> value = figure.of(result);
    if (!value.has_value()) return {};
    values.push_back(*value);
  }
  return values;
}

}  // namespace ringmq::report
