// A run as lines of JSON while it is under way, for programs that follow it. Each line is an object
// whose "type" says what it is; the other names are those of result.json.
//
//   {"type":"start","tool_version":"0.1.0","scenario":"pubsub","title":...,"command_line":...,
//    "start_time":...}
//   {"type":"second","at_s":1.0,"offered":20000,...}       as in "series"
//   {"type":"end","interrupted":false,"verdict":{...},"assertions":[...],"counters":{...},
//    "rates":{...},"integrity":{...},"errors":{...},"notes":[...],"exit_code":0,"dropped_lines":0}
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "report/result.h"

namespace ringmq::report {

// Lines with their end. Of `result` only what is known before it runs matters.
[[nodiscard]] std::string StartLine(const Result& result);
[[nodiscard]] std::string SecondLine(const Second& second);
[[nodiscard]] std::string EndLine(const Result& result, int exit_code, uint64_t dropped_lines);

}  // namespace ringmq::report
