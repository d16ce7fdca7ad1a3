// SPDX-License-Identifier: Apache-2.0
#include "report/json_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/result_json.h"
#include "report/sample.h"

namespace ringmq::report {
namespace {

using Json = nlohmann::json;

Json Read(const std::string& line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return Json::parse(line, nullptr, /*allow_exceptions=*/false);
}

TEST(JsonLines, HaveTheNamesOfTheFile) {
  Result result = SampleResult({.seconds = 2});
  result.title = "two\nlines";
  const Json file = Json::parse(ToJson(result), nullptr, /*allow_exceptions=*/false);
  Json second = Read(SecondLine(result.series[1]));
  EXPECT_EQ(second["type"], "second");
  second.erase("type");
  EXPECT_EQ(second, file["series"][1]);
  const Json start = Read(StartLine(result));
  EXPECT_EQ(start["type"], "start");
  for (const char* const key : {"tool_version", "title", "command_line", "start_time"}) {
    EXPECT_EQ(start[key], file[key]) << key;
  }
  const Json end = Read(EndLine(result, 4, 17));
  EXPECT_EQ(end["type"], "end");
  EXPECT_EQ(end["exit_code"], 4);
  EXPECT_EQ(end["dropped_lines"], 17);
  for (const char* const key : {"verdict", "assertions", "counters", "integrity", "notes"}) {
    EXPECT_EQ(end[key], file[key]) << key;
  }
}

}  // namespace
}  // namespace ringmq::report
