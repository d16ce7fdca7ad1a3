// Where a result goes besides the terminal.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "report/result.h"
#include "report/tables.h"

namespace ringmq::bench {

// A flag that takes a file name, and what is written there.
struct Output {
  const char* flag;
  const char* what;
  std::string (*make)(const report::Result& result, report::Percentiles percentiles);
  bool has_links = false;  // To other files, so it matters where it lies.
};

[[nodiscard]] const std::vector<Output>& Outputs();

// The page that lies beside a result.json, by its name.
[[nodiscard]] std::string PageOf(const std::string& result_file);
// Where such a flag stands among them. Requires: it does.
[[nodiscard]] size_t IndexOf(std::string_view flag);

// The file name that such a flag has in `files`, which has their order; empty: none.
[[nodiscard]] const std::string& FileOf(std::string_view flag,
                                        const std::vector<std::string>& files);

// The report on standard output, coloured if that is a terminal and NO_COLOR is not set.
void PrintReport(const report::Result& result,
                 report::Percentiles percentiles = report::kShownPercentiles);

// Writes those of Outputs() that have a file name in `files`, which has their order. "-" is
// standard output. One that cannot be written does not stop the others. An error has a line for
// each, with flag and file.
[[nodiscard]] absl::Status WriteOutputs(
    const report::Result& result, const std::vector<std::string>& files,
    report::Percentiles percentiles = report::kShownPercentiles);

// Before a run: whether its files can be written, as far as that can be told without touching what
// they hold. Those that are not there yet are not made. An error names the first flag and file.
[[nodiscard]] absl::Status CheckOutputs(const std::vector<std::string>& files);
// The same of one file. Empty: it can be written; else the reason.
[[nodiscard]] std::string WhyNotWritable(const std::string& file);

// Both in one, a line each.
[[nodiscard]] absl::Status AndAlso(absl::Status first, const absl::Status& second);

// Writes one file; "-" is standard output. An error names the flag and the file.
[[nodiscard]] absl::Status WriteFile(const char* flag, const std::string& file,
                                     const std::string& text);

// One result, or several trials of one run. An error names the file.
[[nodiscard]] absl::StatusOr<std::vector<report::Result>> ReadResults(const std::string& file);
// The same, of one.
[[nodiscard]] absl::StatusOr<report::Result> ReadResult(const std::string& file);

}  // namespace ringmq::bench
