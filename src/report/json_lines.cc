// SPDX-License-Identifier: Apache-2.0
#include "report/json_lines.h"

#include "report/json_writer.h"

namespace ringmq::report {
namespace {

Json LineOf(const char* type) { return Json{{"type", type}}; }

std::string TextOf(const Json& line) {
  return line.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string StartLine(const Result& result) {
  Json line = LineOf("start");
  line["tool_version"] = result.tool_version;
  line["scenario"] = result.scenario;
  line["title"] = result.title;
  line["command_line"] = result.command_line;
  line["start_time"] = result.start_time;
  return TextOf(line);
}

std::string SecondLine(const Second& second) {
  Json line = LineOf("second");
  JsonWriter writer(line);
  VisitFields(writer, second);
  return TextOf(line);
}

std::string EndLine(const Result& result, int exit_code, uint64_t dropped_lines) {
  Json line = LineOf("end");
  JsonWriter writer(line, &result);
  writer("interrupted", result.interrupted);
  writer.Object("verdict", result.verdict);
  writer.List("assertions", result.assertions);
  writer.Object("counters", result.counters);
  writer.Object("rates", result.rates);
  writer.Object("integrity", result.integrity);
  writer.Object("errors", result.errors);
  writer.Special("notes", result.notes);
  writer("exit_code", exit_code);
  writer("dropped_lines", dropped_lines);
  return TextOf(line);
}

}  // namespace ringmq::report
