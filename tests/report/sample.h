// A run as the engine would report it, with every field filled: 60 s of 200 publishers at 20k/s,
// with a hiccup of the broker in second 30. Made from a formula, so that tests can count on it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "report/result.h"

namespace ringmq::report {

struct SampleOptions {
  double slower = 1.0;  // Factor on all latencies.
  int seconds = 60;
};

// Latencies that look like a broker's: most near 120 us, a tail into milliseconds.
inline int64_t SampleLatency(uint64_t index, double slower) {
  const double uniform =
      (static_cast<double>(index * 2'654'435'761u % 1'000'003) + 0.5) / 1'000'003;
  const double body = 90'000 + 60'000 * uniform;
  const double tail = 12'000 / std::pow(1 - uniform, 0.55);
  return std::llround((body + tail) * slower);
}

inline Second SampleSecond(int at, double slower, Result& result) {
  Second second{.at_s = at + 1.0,
                .offered = 20'000,
                .sent = 20'000,
                .acked = 19'990,
                .received = at == 30 ? 14'000u : 20'000u,
                .errors = at == 30 ? 1u : 0u,
                .lag_p99_ns = 6'000 + 500 * (at % 5),
                .broker_cpu_cores = 1.8 + 0.2 * std::sin(at * std::numbers::pi / 15),
                .broker_rss_bytes = (200u << 20) + static_cast<uint64_t>(at) * 50'000};
  measure::Histogram histogram;
  for (uint64_t i = 0; i < 2'000; ++i) {
    const int64_t latency =
        SampleLatency(static_cast<uint64_t>(at) * 2'000 + i, at == 30 ? slower * 20 : slower);
    histogram.Record(latency, 10);
    result.histograms[Metric::kService].Record(latency * 97 / 100, 10);
    result.histograms[Metric::kAck].Record(latency / 2, 10);
    result.histograms[Metric::kSendLag].Record(2'000 + latency / 50, 10);
  }
  second.response_p50_ns = histogram.ValueAtPercentile(50);
  second.response_p99_ns = histogram.ValueAtPercentile(99);
  second.heat = HeatOf(histogram);
  result.histograms[Metric::kResponse].Merge(histogram);
  return second;
}

inline Result SampleResult(const SampleOptions& options = {}) {
  Result result{.tool_version = "0.1.0",
                .scenario = "pubsub",
                .title = "200 pubs → 50 subs  qos1  256 B",
                .command_line = "mqtt-bench pubsub -p 200 -s 50 -q 1 -r 20k --topic 't/{pub}'",
                .start_time = "2026-11-24T04:00:00Z",
                .config = {{"url", "mqtt://127.0.0.1:1883"}, {"rate", "20k/s"}, {"qos", "1"}},
                .connections = 250,
                .qos = 1,
                .phases = {.connect_s = 0.2, .warmup_s = 5, .measure_s = 60.0, .drain_s = 0.5}};
  const auto seconds = static_cast<uint64_t>(options.seconds);
  result.phases.measure_s = options.seconds;
  for (int at = 0; at < options.seconds; ++at) {
    result.series.push_back(SampleSecond(at, options.slower, result));
  }
  result.counters = {.offered = 20'000 * seconds,
                     .sent = 20'000 * seconds,
                     .acked = 20'000 * seconds,
                     .received = 20'000 * seconds - 3,
                     .expected = 20'000 * seconds};
  result.rates = {20'000, 20'000, 20'000, 19'999.95};
  result.integrity.received = result.counters.received;
  result.integrity.lost = 3;
  result.integrity.duplicates = 1;
  result.errors = {.by_reason = {{0x97, 4}}, .connect_errors = {{"Connection refused", 2}}};
  result.errors.reconnects = 2;
  for (int64_t i = 0; i < 250; ++i) {
    result.histograms[Metric::kConnectTcp].Record(40'000 + i * 100);
    result.histograms[Metric::kConnack].Record(90'000 + i * 200);
    result.histograms[Metric::kSuback].Record(70'000 + i * 100);
  }
  result.broker = {.pid = 4711,
                   .name = "ringmqd",
                   .cpu_s = 110.5,
                   .cpu_s_per_million = 92.1,
                   .rss_before_bytes = 20u << 20,
                   .rss_after_bytes = 203u << 20,
                   .rss_bytes_per_connection = 767'557.6};
  result.generator = {.cpu_s = 12.5, .cpu_s_per_million = 10.4, .bytes_per_connection = 512};
  result.environment = {"A <fast> processor", 8, "Linux 6.1.0", "io_uring", "performance"};
  result.verdict = {measure::Verdict::kValid, "VALID"};
  result.assertions = {{"p99(e2e)<5ms", "p99(e2e) is 402µs", true, true},
                       {"loss==0", "loss is 3", false, true}};
  result.scalars = {{"retained_per_s", 1234.5}};
  result.notes = {"Read the figures with care."};
  result.telemetry = {
      {.source = "http://127.0.0.1:9090/metrics",
       .looks = 61,
       .from_s = 0,
       .to_s = 65.5,
       .counters = {{"broker_messages_total{direction=\"in\"}", 1'000, 1'301'000, 20'000, 20'500}},
       .gauges = {{"broker_connections", 3, 240.5, 253}}}};
  return result;
}

}  // namespace ringmq::report
