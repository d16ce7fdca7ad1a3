// SPDX-License-Identifier: Apache-2.0
#include "report/result_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/sample.h"

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Result> result = FromJson(text);
  return result.ok() ? "" : std::string(result.status().message());
}

TEST(ResultJson, ComesBackAsItWas) {
  const Result result = SampleResult();
  const absl::StatusOr<Result> back = FromJson(ToJson(result));
  ASSERT_TRUE(back.ok()) << back.status();
  // The text is a function of all fields, so equal texts mean equal results...
  EXPECT_EQ(ToJson(*back), ToJson(result));
  // ...if it really holds them all.
  EXPECT_EQ(back->title, "200 pubs → 50 subs  qos1  256 B");
  EXPECT_EQ(back->errors.by_reason.at(0x97), 4u);
  EXPECT_EQ(back->errors.connect_errors.at("Connection refused"), 2u);
  EXPECT_EQ(back->series.at(30).heat, result.series.at(30).heat);
  EXPECT_EQ(back->config, result.config);
  ASSERT_TRUE(back->broker.has_value());
  EXPECT_EQ(back->broker->name, "ringmqd");
  EXPECT_EQ(back->histograms[Metric::kResponse].ValueAtPercentile(99.9),
            result.histograms[Metric::kResponse].ValueAtPercentile(99.9));
  EXPECT_EQ(back->scalars.at("retained_per_s"), 1234.5);
  EXPECT_EQ(back->notes, result.notes);
}

TEST(ResultJson, KeepsAnEmptyResultEmpty) {
  const absl::StatusOr<Result> back = FromJson(ToJson(Result{}));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_FALSE(back->broker.has_value());
  EXPECT_EQ(back->histograms[Metric::kService].count(), 0u);
}

TEST(ResultJson, KeepsEachKindOfVerdict) {
  for (const auto kind : {measure::Verdict::kValid, measure::Verdict::kTargetLimited,
                          measure::Verdict::kGeneratorLimited, measure::Verdict::kIncomplete,
                          measure::Verdict::kNotMeasured}) {
    Result result;
    result.verdict = {kind, "text"};
    EXPECT_EQ(FromJson(ToJson(result))->verdict.kind, kind);
  }
}

TEST(ResultJson, IgnoresKeysThatItDoesNotKnow) {
  const auto result = FromJson(R"({"schema_version": 1, "invented": [1, {"a": 2}], "qos": 2})");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->qos, 2);
}

TEST(ResultJson, RefusesAnotherVersionAndSaysWhich) {
  EXPECT_THAT(ErrorOf(R"({"schema_version": 2})"), HasSubstr("schema_version 2"));
  EXPECT_THAT(ErrorOf(R"({"schema_version": "1"})"), HasSubstr("schema_version \"1\""));
  EXPECT_THAT(ErrorOf(R"({})"), HasSubstr("schema_version"));
}

TEST(ResultJson, RefusesWhatIsNoJsonObject) {
  for (const char* const text : {"", "{", "[]", "3", "\"x\"", "{\"schema_version\":1"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("not a JSON object")) << text;
  }
}

TEST(ResultJson, NamesTheKeyThatIsWrong) {
  const auto error_of = [](const std::string& rest) {
    return ErrorOf(R"({"schema_version": 1, )" + rest + "}");
  };
  EXPECT_THAT(error_of(R"("title": 3)"), HasSubstr("\"title\" is not text"));
  EXPECT_THAT(error_of(R"("closed_loop": 1)"), HasSubstr("\"closed_loop\" is not true or false"));
  EXPECT_THAT(error_of(R"("qos": 300)"), HasSubstr("\"qos\" is not a whole number up to 255"));
  EXPECT_THAT(error_of(R"("connections": -1)"), HasSubstr("\"connections\" is not a whole number"));
  EXPECT_THAT(error_of(R"("counters": {"sent": 1.5})"), HasSubstr("\"counters.sent\""));
  EXPECT_THAT(error_of(R"("phases": [])"), HasSubstr("\"phases\" is not an object"));
  EXPECT_THAT(error_of(R"("phases": {"drain_s": "x"})"), HasSubstr("\"phases.drain_s\""));
  EXPECT_THAT(error_of(R"("series": {})"), HasSubstr("\"series\" is not a list"));
  EXPECT_THAT(error_of(R"("series": [{}, {"heat": [-1]}])"), HasSubstr("\"series[1].heat[0]\""));
  EXPECT_THAT(error_of(R"("config": [7])"), HasSubstr("\"config[0]\" is not an object"));
  EXPECT_THAT(error_of(R"("verdict": {"kind": "odd"})"), HasSubstr("\"verdict.kind\""));
  EXPECT_THAT(error_of(R"("histograms": {"ack": "h9"})"), HasSubstr("\"histograms.ack\""));
  EXPECT_THAT(error_of(R"("errors": {"by_reason": {"999": 1}})"), HasSubstr("by_reason.999"));
  EXPECT_THAT(error_of(R"("intervals": [{"histograms": {"ack": "h9"}}])"),
              HasSubstr("\"intervals[0].histograms.ack\""));
  EXPECT_THAT(error_of(R"("scalars": {"a": "b"})"), HasSubstr("\"scalars.a\" is not a number"));
  EXPECT_THAT(error_of(R"("notes": [3])"), HasSubstr("\"notes[0]\" is not text"));
}

TEST(ResultJson, BoundsTheHeatColumn) {
  std::string cells = "0";
  for (size_t i = 0; i < kHeatCells; ++i) cells += ",0";
  EXPECT_THAT(ErrorOf(R"({"schema_version": 1, "series": [{"heat": [)" + cells + "]}]}"),
              HasSubstr("at most 80 numbers"));
}

TEST(ResultJson, WritesTextThatIsNoUtf8AndNumbersThatAreNone) {
  Result result;
  result.title = "broken \xff text";
  result.phases.drain_s = 1.0 / 0.0;
  const absl::StatusOr<Result> back = FromJson(ToJson(result));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->title, "broken \xEF\xBF\xBD text");
  EXPECT_EQ(back->phases.drain_s, 0);
}

}  // namespace
}  // namespace ringmq::report
