// SPDX-License-Identifier: Apache-2.0
#include "report/prometheus_report.h"

#include "absl/strings/str_cat.h"
#include "report/prometheus_page.h"
#include "report/tables.h"

namespace ringmq::report {
namespace {

using Page = PrometheusPage;

void AddLatency(const Result& result, Page& page) {
  page.Describe("mqtt_bench_latency_seconds", "summary",
                "Latency by metric; quantiles that too few samples support are left out.");
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const measure::Histogram& histogram = result.histograms[metric];
    if (histogram.count() == 0) continue;
    const std::string label = absl::StrCat("metric=\"", MetricName(metric), "\"");
    for (const double percentile : kShownPercentiles) {
      if (!histogram.Supports(percentile)) continue;
      page.Add("mqtt_bench_latency_seconds",
               absl::StrCat(label, ",quantile=\"", percentile / 100, "\""),
               static_cast<double>(histogram.ValueAtPercentile(percentile)) * 1e-9);
    }
    const auto count = static_cast<double>(histogram.count());
    page.Add("mqtt_bench_latency_seconds_sum", label, histogram.mean() * count * 1e-9);
    page.Add("mqtt_bench_latency_seconds_count", label, count);
  }
}

void AddMessages(const Result& result, Page& page) {
  const auto add = [&page](const char* stage, uint64_t count) {
    page.Add("mqtt_bench_messages", absl::StrCat("stage=\"", stage, "\""),
             static_cast<double>(count));
  };
  page.Describe("mqtt_bench_messages", "gauge", "Messages of the measured phase by stage.");
  add("offered", result.counters.offered);
  add("sent", result.counters.sent);
  add("acked", result.counters.acked);
  add("received", result.counters.received);
  const auto fault = [&page, &result](const char* kind, uint64_t count,
                                      const char* name = nullptr) {
    if (!IsVerified(result, name == nullptr ? kind : name)) return;
    page.Add("mqtt_bench_faults", absl::StrCat("kind=\"", kind, "\""), static_cast<double>(count));
  };
  page.Describe("mqtt_bench_faults", "gauge",
                "What integrity checks found, by kind; what was not looked at is left out.");
  fault("lost", result.integrity.lost);
  fault("lost_permitted", result.integrity.lost_permitted);
  fault("lost_unpromised", result.integrity.lost_unpromised);
  fault("surplus", result.integrity.surplus);
  fault("duplicate", result.integrity.duplicates, "duplicates");
  fault("duplicate_permitted", result.integrity.duplicates_permitted, "duplicates_permitted");
  fault("reordered", result.integrity.reordered);
  fault("corrupt", result.integrity.corrupt);
  fault("misrouted", result.integrity.misrouted);
  fault("wrong_qos", result.integrity.wrong_qos);
}

}  // namespace

std::string PrometheusReport(const Result& result) {
  Page page(result.scenario);
  page.AddGauge("mqtt_bench_valid", "1 if the measurement is valid.",
                result.verdict.is_valid() ? 1 : 0);
  page.AddGauge("mqtt_bench_assertions_hold", "1 if every assertion holds.",
                AssertionsHold(result) ? 1 : 0);
  page.AddGauge("mqtt_bench_received_per_second", "Deliveries per second.",
                result.rates.received_per_s);
  page.AddGauge("mqtt_bench_connections", "Connections that were made.",
                static_cast<double>(result.connections));
  AddMessages(result, page);
  AddLatency(result, page);
  if (result.broker.has_value()) {
    page.AddGauge("mqtt_bench_broker_cpu_seconds", "CPU that the broker spent.",
                  result.broker->cpu_s);
    page.AddGauge("mqtt_bench_broker_resident_bytes", "The broker's memory at the end.",
                  static_cast<double>(result.broker->rss_after_bytes));
  }
  return page.Take();
}

}  // namespace ringmq::report
