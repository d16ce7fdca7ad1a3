// SPDX-License-Identifier: Apache-2.0
#include "report/figures.h"

#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "measure/scalars.h"

namespace ringmq::report {
namespace {

using measure::Direction;

std::string NanosecondsText(double value) {
  return measure::FormatTime(static_cast<int64_t>(value));
}

// "1.003k", "987.1": as many digits as runs of the same differ in.
std::string NumberText(double value) {
  // As printed, or "1000k" would be.
  double rounded = 0;
  if (!absl::SimpleAtod(absl::StrFormat("%.3e", value), &rounded)) rounded = value;
  const char* unit = "";
  for (const char* const next : {"k", "M", "G"}) {
    if (rounded < 1000) break;
    rounded /= 1000;
    unit = next;
  }
  return absl::StrFormat(*unit == 0 ? "%.4g%s" : "%#.4g%s", rounded, unit);
}

std::string SecondsText(double value) {
  return value < 1 ? absl::StrFormat("%.4gms", value * 1000) : absl::StrFormat("%.4gs", value);
}

std::optional<double> Positive(double value) {
  if (value <= 0) return std::nullopt;
  return value;
}

// Rates and times; of counts, which mostly are zero, there is no ratio.
void AddScalars(std::vector<KeyFigure>& figures) {
  const auto add = [&figures](std::string_view name) {
    const bool is_rate = measure::IsRate(name);
    figures.push_back(
        {.name = std::string(name),
         .direction = is_rate ? Direction::kHigherIsBetter : Direction::kLowerIsBetter,
         .of = [name = std::string(name)](const Result& r) -> std::optional<double> {
           const auto found = r.scalars.find(name);
           if (found == r.scalars.end()) return std::nullopt;
           return Positive(found->second);
         },
         .text = is_rate ? NumberText : SecondsText});
  };
  add("highest_per_s");  // Of a search.
  for (const auto& [name, words] : measure::kScalarNames) {
    if (name == "connects_offered_per_s") continue;  // It was asked for.
    if (measure::IsRate(name) || measure::IsTime(name)) add(name);
  }
}

// Whatever was sent and came back; without subscribers what was sent and acknowledged.
void AddRates(std::vector<KeyFigure>& figures) {
  const auto add = [&figures](const char* name, auto of) {
    figures.push_back(
        {.name = name, .direction = Direction::kHigherIsBetter, .of = of, .text = NumberText});
  };
  const auto unheard = [](double Rates::*rate) {
    return [rate](const Result& r) {
      return r.rates.received_per_s > 0 ? std::nullopt : Positive(r.rates.*rate);
    };
  };
  add("received per s", [](const Result& r) { return Positive(r.rates.received_per_s); });
  add("sent per s", unheard(&Rates::sent_per_s));
  add("acked per s", unheard(&Rates::acked_per_s));
}

void AddPercentiles(Metric metric, std::vector<KeyFigure>& figures) {
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

std::vector<KeyFigure> Figures() {
  std::vector<KeyFigure> figures;
  AddScalars(figures);
  AddRates(figures);
  for (const Metric metric :
       {Metric::kResponse, Metric::kService, Metric::kFirstMessage, Metric::kLastMessage,
        Metric::kWill, Metric::kAck, Metric::kConnect, Metric::kConnack}) {
    AddPercentiles(metric, figures);
  }
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

std::vector<double> ValuesOf(const KeyFigure& figure, std::span<const Result> results) {
  std::vector<double> values;
  for (const Result& result : results) {
    const std::optional<double> value = figure.of(result);
    if (!value.has_value()) return {};
    values.push_back(*value);
  }
  return values;
}

}  // namespace ringmq::report
