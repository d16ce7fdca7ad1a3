// The flags of mqtt-bench by what they are about: each function adds those of one area to the
// command line, under a heading of its own in the help, and lets them write into `settings`.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ringmq::bench {

// What --version says without a value: nothing of MQTT, but the version of the tool.
inline constexpr int kVersionOfTool = 0;

// flags_target.cc: who is asked, as whom, through what, from where.
void AddTargetFlags(CLI::App& app, Settings& settings);
void AddTlsFlags(CLI::App& app, Settings& settings);
void AddHostFlags(CLI::App& app, Settings& settings);

// flags_load.cc: who connects and says what to whom, how fast, for how long.
void AddShapeFlags(CLI::App& app, Settings& settings);
void AddLoadFlags(CLI::App& app, Settings& settings);
void AddLengthFlags(CLI::App& app, Settings& settings);

// flags_stateful.cc: who comes and goes, and what the broker is to keep meanwhile.
void AddStatefulFlags(CLI::App& app, Settings& settings);

// flags_output.cc: what is looked at, what has to hold, what is shown and written.
// A process by its number or "auto" (kWatchAuto). `flag` and `what` live for ever.
void AddWatchFlag(CLI::App& app, const char* flag, int& pid, const char* what);
void AddMeasureFlags(CLI::App& app, Settings& settings);
void AddJudgeFlags(CLI::App& app, Settings& settings);
void AddOutputFlags(CLI::App& app, Settings& settings);

// flags_series.cc: the commands that make several runs of others.
void AddSeriesCommands(CLI::App& app, Settings& settings);

}  // namespace ringmq::bench
