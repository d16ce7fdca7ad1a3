// SPDX-License-Identifier: Apache-2.0
#include "report/text_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/csv_report.h"
#include "report/html_report.h"
#include "sample.h"

namespace ringmq::report {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Columns, CountCharactersNotBytes) {
  EXPECT_EQ(WidthOf("118µs"), 5u);
  EXPECT_EQ(PadLeft("µs", 4), "  µs");
  EXPECT_EQ(PadRight("µs", 4), "µs  ");
  EXPECT_EQ(Clip("aµb", 2), "aµ");
  EXPECT_EQ(PadRight("aµbc", 2), "aµ");
}

TEST(Columns, KeepControlCharactersFromTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\n\x7f"), "a [31mb  ");
}

TEST(Columns, GroupDigitsAndDrawBars) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(1'204'000), "1 204 000");
  EXPECT_EQ(Spark(0), "▁");
  EXPECT_EQ(Spark(1), "█");
  EXPECT_EQ(Spark(7), "█");
}

TEST(TextReport, BeginsWithTheVerdictAndEndsWithTheCommand) {
  const Result result = SampleResult();
  const std::string text = TextReport(result);
  EXPECT_THAT(text, StartsWith(result.verdict.text + "\n"));
  EXPECT_TRUE(text.ends_with("To repeat\n  " + result.command_line + "\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TextReport, ShowsEachPartOfTheResult) {
  const std::string text = TextReport(SampleResult());
  for (const char* const part : {"Configuration", "Throughput", "Latency", "p99.999", "send lag",
                                 "Integrity", "Errors", "Efficiency", "Environment"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(TextReport, SaysInWordsWhatOnlyOneCommandMeasures) {
  Result result;
  result.scalars = {{"retained_per_s", 123'400},
                    {"drained_all_s", 1.5},
                    {"sessions_lost", 3},
                    {"of_a_later_version", 7}};
  result.notes = {"Mind the gap."};
  result.histograms[Metric::kWill].Record(4'000'000);
  const std::string text = TextReport(result);
  EXPECT_THAT(text, ContainsRegex("retained messages delivered +123.4k/s"));
  EXPECT_THAT(text, ContainsRegex("from the first return to the last queued message +1.5s"));
  EXPECT_THAT(text, ContainsRegex("sessions that the broker did not keep +3\n"));
  EXPECT_THAT(text, ContainsRegex("of_a_later_version +7"));
  EXPECT_THAT(text, HasSubstr("Notes\n  Mind the gap.\n"));
  EXPECT_THAT(text, ContainsRegex("will\n.*samples +1"));
}

TEST(TextReport, TitlesNoClosedLoopLatencyUnderLoad) {
  Result result = SampleResult();
  result.closed_loop = true;
  EXPECT_THAT(TextReport(result), HasSubstr("closed loop, service time only"));
}

TEST(TextReport, LeavesPercentilesBlankThatTooFewSamplesSupport) {
  Result result;
  for (int i = 0; i < 2'000; ++i) result.histograms[Metric::kAck].Record(5'000'000);
  const std::string text = TextReport(result);
  EXPECT_THAT(text, HasSubstr("p95       5.0ms\n"));
  EXPECT_THAT(text, HasSubstr("p99\n"));
}

TEST(TextReport, SaysAnAssertionOnceAndNothingOfMemoryThatNobodyMeasured) {
  Result result;
  result.assertions = {
      {.assertion = "loss==0", .text = "loss==0 holds: 0", .holds = true, .known = true}};
  const std::string text = TextReport(result);
  EXPECT_THAT(text, HasSubstr("Assertions\n  loss==0 holds: 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("memory per connection")));
  result.generator.bytes_per_connection = 512;
  EXPECT_THAT(TextReport(result), HasSubstr("memory per connection"));
}

TEST(TextReport, ColoursTheVerdictByHowGoodTheNewsIs) {
  Result result = SampleResult();
  result.verdict = {.kind = measure::Verdict::kGeneratorLimited, .text = "INVALID"};
  EXPECT_EQ(VerdictInk(result), Ink::kBad);
  EXPECT_THAT(TextReport(result, Colour::kAnsi),
              StartsWith(Paint("INVALID", Ink::kBad, Colour::kAnsi)));
}

TEST(TextReport, ShowsThePercentilesThatAreAskedFor) {
  const Result result = SampleResult();
  constexpr double kTwo[] = {42, 99.5};
  EXPECT_THAT(HtmlReport(result, kTwo), HasSubstr(">p42<"));
  for (const std::string& text :
       {TextReport(result, Colour::kNone, kTwo), CsvLatency(result, kTwo)}) {
    EXPECT_THAT(text, HasSubstr("p42"));
    EXPECT_THAT(text, HasSubstr("p99.5"));
    EXPECT_THAT(text, Not(HasSubstr("p75")));
  }
  EXPECT_THAT(TextReport(result), HasSubstr("p75"));
}

}  // namespace
}  // namespace ringmq::report
