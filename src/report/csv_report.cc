// SPDX-License-Identifier: Apache-2.0
#include "report/csv_report.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ringmq::report {

std::string CsvSeries(const Result& result) {
  std::string text =
      "at_s,offered,sent,acked,received,errors,response_p50_ns,response_p99_ns,lag_p99_ns,"
      "broker_cpu_cores,broker_rss_bytes\r\n";
  for (const Second& second : result.series) {
    absl::StrAppendFormat(&text, "%g,%d,%d,%d,%d,%d,%d,%d,%d,%g,%d\r\n", second.at_s,
                          second.offered, second.sent, second.acked, second.received, second.errors,
                          second.response_p50_ns, second.response_p99_ns, second.lag_p99_ns,
                          second.broker_cpu_cores, second.broker_rss_bytes);
  }
  return text;
}

std::string CsvLatency(const Result& result, Percentiles percentiles) {
  std::string text = "metric,samples,min_ns,mean_ns";
  for (const double percentile : percentiles) {
    absl::StrAppend(&text, ",", PercentileName(percentile), "_ns");
  }
  text += ",max_ns\r\n";
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const measure::Histogram& histogram = result.histograms[metric];
    if (histogram.count() == 0) continue;
    absl::StrAppend(&text, MetricName(metric), ",", histogram.count(), ",", histogram.min(), ",",
                    std::llround(histogram.mean()));
    for (const double percentile : percentiles) {
      text += ",";
      if (histogram.Supports(percentile)) {
        absl::StrAppend(&text, histogram.ValueAtPercentile(percentile));
      }
    }
    absl::StrAppend(&text, ",", histogram.max(), "\r\n");
  }
  return text;
}

}  // namespace ringmq::report
