// What the pages say. That they are well-formed, complete and in their place is told by parsers
// nobody here wrote: test_pages.py.
//
// SPDX-License-Identifier: Apache-2.0
#include "report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/comparison_page.h"
#include "report/markup.h"
#include "report/result_json.h"
#include "report/tables.h"
#include "sample.h"

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlReport, IsTheSameWhenTheResultWasAFileMeanwhile) {
  const Result result = SampleResult({.seconds = 7});
  const absl::StatusOr<Result> read = FromJson(ToJson(result));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(HtmlReport(*read), HtmlReport(result));
}

TEST(HtmlReport, HasEverythingThatTheTextReportHas) {
  Result result = SampleResult();
  result.histograms[Metric::kFirstMessage].Record(1'000'000, 1'000);
  const std::string page = HtmlReport(result);
  for (const Table& table : AllTables(result)) {
    // Assertions and notes are set as sentences.
    for (const std::vector<std::string>& row : table.rows) {
      for (const std::string& cell : row) EXPECT_THAT(page, HasSubstr(">" + Escape(cell) + "<"));
    }
  }
  EXPECT_THAT(page, HasSubstr(Escape(result.command_line)));
}

TEST(HtmlReport, SaysNothingOfWhatWasNotMeasured) {
  const std::string page = HtmlReport(Result{});
  for (const char* const part : {"<figure", "Latency", "Saturation", "To repeat", "<dl"}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(ComparisonPage, SaysWhatIsBetterAndWhatNobodyCanTell) {
  std::vector<Result> sides[2];
  for (int i = 0; i < 5; ++i) {
    sides[0].push_back(SampleResult({.slower = 1 + 0.01 * i, .seconds = 2}));
    sides[1].push_back(SampleResult({.slower = 0.5 + 0.01 * i, .seconds = 2}));
  }
  const std::vector<std::string> names(5, "<a>.json");
  const auto page_of = [&](size_t runs) {
    const std::span<const Result> a = std::span(sides[0]).first(runs);
    const std::span<const Result> b = std::span(sides[1]).first(runs);
    const std::vector<std::string> sources(names.begin(), names.begin() + static_cast<int>(runs));
    return ComparisonPage(CompareResults(a, b, measure::Pairing::kIndependent), {a, sources},
                          {b, sources});
  };
  const std::string page = page_of(5);
  EXPECT_THAT(page, HasSubstr("✓ better: -"));
  EXPECT_THAT(page, HasSubstr("= equivalent within"));
  EXPECT_THAT(page, HasSubstr("&lt;a&gt;.json"));
  EXPECT_THAT(page, HasSubstr("<figure id=\"response\""));
  EXPECT_THAT(page_of(1), HasSubstr("? cannot tell: "));
}

}  // namespace
}  // namespace ringmq::report
