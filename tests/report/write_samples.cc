// Writes sample reports into a folder, for tests that read them with parsers nobody here wrote, and
// for people who want to look at them:  report_samples FOLDER
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <string>

#include "report/csv_report.h"
#include "report/hdr_report.h"
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

void WriteAll(const std::string& folder) {
  const Result hdr = HdrSample();
  Write(folder, "hdr.hlog", HdrLog(hdr));
  Write(folder, "hdr.csv", CsvLatency(hdr));
  Write(folder, "hdr.json", ToJson(hdr));
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
