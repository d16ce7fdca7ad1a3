// One run, from settings to its result: what the commands that make several runs are built on.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "load/run.h"
#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

// Of a run under way, about four times a second.
using OnTick = std::function<void(const load::Tick&)>;

// Blocks until the run is over, and judges it by `settings.assertions`.
// kInvalidArgument: a flag is wrong, and the message names it with an example. kUnavailable: what
// it needs (the watched process) is not there. A run that went badly is no error but a result with
// errors in it. Ctrl-C and SIGTERM end the run early, and the result says so; whoever makes several
// runs then makes no more.
[[nodiscard]] absl::StatusOr<report::Result> RunOnce(const Settings& settings,
                                                     const OnTick& on_tick);

// "200 pubs → 50 subs  qos1  256 B"
[[nodiscard]] std::string TitleOf(const Settings& settings);

// Whether nothing broke: everybody connected, nobody was thrown out.
[[nodiscard]] bool RanWell(const report::Result& result);

// The exit code that a finished run leads to, by its worst news: what broke comes before a
// measurement that is invalid, be it for that reason, and both come before assertions. Of what was
// not measured at all nothing is allowed.
[[nodiscard]] int ExitCodeOf(const report::Result& result, bool allow_invalid);

}  // namespace ringmq::bench
