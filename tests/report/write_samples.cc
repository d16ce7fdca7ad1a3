// Writes sample reports into a folder, for tests that read them with parsers nobody here wrote, and
// for people who want to look at them:  report_samples FOLDER
//
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "report/comparison_page.h"
#include "report/csv_report.h"
#include "report/hdr_report.h"
#include "report/html_report.h"
#include "report/result_json.h"
#include "sample.h"

namespace ringmq::report {
namespace {

void Write(const std::string& folder, const std::string& name, const std::string& text) {
  std::ofstream(folder + "/" + name) << text;
}

// All metrics, and in one of them what does not fit the buckets.
Result HdrSample() {
  Result result = SampleResult();
  measure::Histogram& edges = result.histograms[Metric::kConnectTls];
  edges.Record(0);
  edges.Record(999);
  for (const int64_t ns : {int64_t{1'000}, int64_t{2'047}, int64_t{2'048}, int64_t{2'050}}) {
    edges.Record(ns, 3'000'000'000);
  }
  edges.Record(measure::Histogram::kHighestNs - 1);
  edges.Record(measure::Histogram::kHighestNs + 1'000'000'000, 5);
  edges.Record(-5);
  return result;
}

// Two seconds, of what all samples together are.
Result HdrSecondsSample() {
  Result result = SampleResult({.seconds = 2});
  for (const Metric metric : {Metric::kResponse, Metric::kSendLag}) result.histograms[metric] = {};
  for (int at = 0; at < 2; ++at) {
    Interval& interval = result.intervals.emplace_back(Interval{.at_s = at + 1.0});
    for (const Metric metric : {Metric::kResponse, Metric::kSendLag}) {
      measure::Histogram second;
      for (uint64_t i = 0; i < 500; ++i) second.Record(SampleLatency(i, 1 + 9 * at), i + 1);
      interval.histograms[metric] = second.Encode();
      result.histograms[metric].Merge(second);
    }
  }
  return result;
}

// Every text that comes from elsewhere tries to be something else than text.
Result HostileSample() {
  const std::string hostile =
      "</title></style><script>alert('x')</script>&amp;\"\x01\xff\xef\xbf\xbf";
  Result result = SampleResult({.seconds = 5});
  for (std::string* const text :
       {&result.tool_version, &result.scenario, &result.title, &result.command_line,
        &result.start_time, &result.broker->name, &result.environment.cpu_model,
        &result.environment.kernel, &result.environment.engine, &result.environment.governor,
        &result.verdict.text, &result.assertions[0].assertion, &result.assertions[0].text,
        &result.notes[0]}) {
    *text = hostile;
  }
  result.config.emplace_back(hostile, hostile);
  result.errors.connect_errors[hostile] = 1;
  result.scalars[hostile] = 1;
  result.telemetry[0].source = hostile;
  result.telemetry[0].counters[0].name = hostile;
  result.telemetry[0].gauges[0].name = hostile;
  result.search = {{.rate_per_s = 1'000, .p50_ns = 1, .p99_ns = 2, .result_file = hostile},
                   {.rate_per_s = 2'000, .p50_ns = 1, .result_file = "javascript:alert(1)"},
                   {.rate_per_s = 3'000, .p50_ns = 1, .result_file = "//example.com/x"}};
  return result;
}

// No figure makes sense; none may leave its chart.
Result AbsurdSample() {
  Result result = SampleResult({.seconds = 3});
  result.phases.measure_s = -1;
  result.histograms[Metric::kResponse].Clear();
  result.histograms[Metric::kResponse].Record(INT64_MAX, 1'000'000'000);
  result.histograms[Metric::kAck].Record(0, 1'000'000'000'000);
  result.series[0].at_s = 1e9;
  result.series[1].at_s = -1e9;
  result.series[2].broker_cpu_cores = -5;
  result.series[2].lag_p99_ns = INT64_MIN;
  result.series[2].response_p99_ns = INT64_MAX;
  result.series[2].heat.fill(UINT64_MAX / 2);
  result.search = {{.rate_per_s = -1, .p50_ns = -5}, {.rate_per_s = 1e300, .p99_ns = INT64_MAX}};
  return result;
}

Result ClosedLoopSample() {
  Result result = SampleResult({.seconds = 10});
  result.closed_loop = true;
  result.histograms[Metric::kResponse] = {};
  result.histograms[Metric::kSendLag] = {};
  for (Second& second : result.series) second.lag_p99_ns = 0;
  result.verdict.text = "VALID, closed loop, service time only";
  return result;
}

Result SearchSample() {
  Result result = SampleResult({.seconds = 10});
  for (int i = 1; i <= 9; ++i) {
    const double load = i / 8.2;
    const double wait = 1 / std::max(1 - load, 0.004);
    result.search.push_back({.rate_per_s = i * 25'000.0,
                             .received_per_s = std::min(i * 25'000.0, 205'000.0),
                             .p50_ns = std::llround(100'000 * wait),
                             .p99_ns = std::llround(350'000 * wait),
                             .p999_ns = i == 9 ? 0 : std::llround(900'000 * wait),
                             .holds = i < 8,
                             .result_file = "search/" + std::to_string(i) + ".json"});
  }
  return result;
}

Result UnwatchedSample() {
  Result result = SampleResult({.seconds = 12});
  result.broker.reset();
  for (Second& second : result.series) {
    second.broker_cpu_cores = 0;
    second.broker_rss_bytes = 0;
    second.at_s -= 2;  // Two seconds of warm-up,
  }
  result.phases.measure_s = 9.5;  // and half a second of drain.
  return result;
}

// Connections only: no messages, no seconds with traffic.
Result ConnectionsSample() {
  Result whole = SampleResult({.seconds = 1});
  Result result;
  result.scenario = "conn";
  result.title = "250 connections";
  result.connections = 250;
  result.verdict = whole.verdict;
  for (const Metric metric : {Metric::kConnectTcp, Metric::kConnack}) {
    result.histograms[metric] = whole.histograms[metric];
  }
  return result;
}

std::string CompareSample(double slower, int runs) {
  std::vector<Result> sides[2];
  Side side[2];
  for (int i = 0; i < 2 * runs; ++i) {
    const double drift = 1 + 0.01 * (i / 2);
    sides[i % 2].push_back(
        SampleResult({.slower = i % 2 == 0 ? drift : drift * slower, .seconds = 5}));
    side[i % 2].sources.push_back((i % 2 == 0 ? "a" : "b") + std::to_string(i / 2) + ".json");
  }
  for (int i = 0; i < 2; ++i) side[i].results = sides[i];
  return ComparisonPage(CompareResults(sides[0], sides[1], measure::Pairing::kIndependent), side[0],
                        side[1]);
}

void WriteAll(const std::string& folder) {
  const Result hdr = HdrSample();
  Write(folder, "hdr.hlog", HdrLog(hdr));
  Write(folder, "hdr.csv", CsvLatency(hdr));
  Write(folder, "hdr.json", ToJson(hdr));
  const Result seconds = HdrSecondsSample();
  Write(folder, "seconds.hlog", HdrLog(seconds));
  Write(folder, "seconds.json", ToJson(seconds));
  Result later = SampleResult();
  later.scalars["reconnects"] = 1;
  Write(folder, "later.hlog", HdrLog(later));
  later.scenario = "churn";
  Write(folder, "churn.hlog", HdrLog(later));
  Write(folder, "full.html", HtmlReport(SampleResult()));
  Write(folder, "hour.html", HtmlReport(SampleResult({.seconds = 3'600})));
  Write(folder, "closed-loop.html", HtmlReport(ClosedLoopSample()));
  Write(folder, "unwatched.html", HtmlReport(UnwatchedSample()));
  Write(folder, "connections.html", HtmlReport(ConnectionsSample()));
  Write(folder, "search.html", HtmlReport(SearchSample()));
  Write(folder, "empty.html", HtmlReport(Result{}));
  Write(folder, "hostile.html", HtmlReport(HostileSample()));
  Write(folder, "absurd.html", HtmlReport(AbsurdSample()));
  Write(folder, "compare.html", CompareSample(1.3, 6));
  Write(folder, "compare-single.html", CompareSample(1.3, 1));
}

}  // namespace
}  // namespace ringmq::report

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: report_samples FOLDER\n");
    return 1;
  }
  ringmq::report::WriteAll(argv[1]);
  return 0;
}
