// SPDX-License-Identifier: Apache-2.0
#include "outputs.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "report/csv_report.h"
#include "report/hdr_report.h"
#include "report/html_report.h"
#include "report/junit_report.h"
#include "report/prometheus_report.h"
#include "report/result_json.h"
#include "report/text_report.h"

namespace ringmq::bench {
namespace {

// The result with the paths that it names as seen from the folder of `page`, where links begin, and
// pages for results that have one. A path that leads nowhere from here is left as it is.
report::Result SeenFrom(const std::string& page, report::Result result) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path folder = fs::absolute(page, error).parent_path();
  for (report::SearchPoint& point : result.search) {
    if (point.result_file.empty() || !fs::exists(point.result_file, error)) continue;
    const std::string point_page = PageOf(point.result_file);
    const fs::path seen = fs::proximate(
        fs::exists(point_page, error) ? point_page : point.result_file, folder, error);
    if (!error) point.result_file = seen.string();
  }
  return result;
}

// One that shows the same whatever is asked for.
template <auto kMake>
std::string Always(const report::Result& result, report::Percentiles) {
  return kMake(result);
}

void Put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace

const std::vector<Output>& Outputs() {
  static const std::vector<Output> outputs = {
      {"--json", "write result.json, from which all others can be made later",
       Always<report::ToJson>},
      {"--html", "write a page with charts, one file for any browser", report::HtmlReport,
       /*has_links=*/true},
      {"--csv", "write the run second by second", Always<report::CsvSeries>},
      {"--csv-latency", "write the percentiles of every metric", report::CsvLatency},
      {"--hdr", "write the histograms as an HdrHistogram log", Always<report::HdrLog>},
      {"--junit", "write the verdict and the assertions as test cases",
       Always<report::JunitReport>},
      {"--prometheus",
       "write metrics for a textfile collector, or serve them while it runs at host:port, :port",
       Always<report::PrometheusReport>},
  };
  return outputs;
}

std::string PageOf(const std::string& result_file) {
  return std::filesystem::path(result_file).replace_extension(".html").string();
}

size_t IndexOf(std::string_view flag) {
  const auto found = std::ranges::find(Outputs(), flag, &Output::flag);
  RMQ_CHECK(found != Outputs().end());
  return static_cast<size_t>(found - Outputs().begin());
}

const std::string& FileOf(std::string_view flag, const std::vector<std::string>& files) {
  return files[IndexOf(flag)];
}

void PrintReport(const report::Result& result, report::Percentiles percentiles) {
  const bool colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  Put(report::TextReport(result, colour ? report::Colour::kAnsi : report::Colour::kNone,
                         percentiles));
}

absl::Status WriteOutputs(const report::Result& result, const std::vector<std::string>& files,
                          report::Percentiles percentiles) {
  const std::vector<Output>& outputs = Outputs();
  absl::Status all;
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) continue;
    const std::string text = outputs[i].has_links
                                 ? outputs[i].make(SeenFrom(files[i], result), percentiles)
                                 : outputs[i].make(result, percentiles);
    all = AndAlso(std::move(all), WriteFile(outputs[i].flag, files[i], text));
  }
  return all;
}

absl::Status CheckOutputs(const std::vector<std::string>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) continue;
    if (const std::string why = WhyNotWritable(files[i]); !why.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Outputs()[i].flag, ": cannot write ", files[i], ": ", why));
    }
  }
  return absl::OkStatus();
}

std::string WhyNotWritable(const std::string& file) {
  if (file == "-") return "";
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return std::strerror(EISDIR);
  // Not by opening it: whoever reads a pipe would take that for the end.
  if (access(file.c_str(), W_OK) == 0) return "";
  if (errno != ENOENT) return std::strerror(errno);
  const std::string folder = std::filesystem::path(file).parent_path().string();
  const bool is_writable = access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0;
  return is_writable ? "" : std::strerror(errno);
}

absl::Status AndAlso(absl::Status first, const absl::Status& second) {
  if (first.ok()) return second;
  if (second.ok()) return first;
  return {first.code(), absl::StrCat(first.message(), "\nmqtt-bench: ", second.message())};
}

absl::Status WriteFile(const char* flag, const std::string& file, const std::string& text) {
  if (file == "-") {
    Put(text);
    return absl::OkStatus();
  }
  std::ofstream output(file);
  output << text;
  if (!output.flush()) {
    return absl::UnavailableError(
        absl::StrCat(flag, ": cannot write ", file, ": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<report::Result>> ReadResults(const std::string& file) {
  std::ifstream input(file);
  if (!input) {
    return absl::NotFoundError(absl::StrCat("cannot read ", file, ": ", std::strerror(errno)));
  }
  std::ostringstream text;
  text << input.rdbuf();
  absl::StatusOr<std::vector<report::Result>> results = report::ListFromJson(text.str());
  if (!results.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", results.status().message()));
  }
  return results;
}

absl::StatusOr<report::Result> ReadResult(const std::string& file) {
  absl::StatusOr<std::vector<report::Result>> results = ReadResults(file);
  if (!results.ok()) return results.status();
  if (results->size() == 1) return std::move(results->front());
  return absl::InvalidArgumentError(
      absl::StrCat(file, ": these are ", results->size(), " trials, and one result is needed"));
}

}  // namespace ringmq::bench
