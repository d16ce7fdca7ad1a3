// `run file.toml`: flags by their names, and phases.
//
//   scenario = "pairs"            # any command with a rate; "pubsub" without
//   pubs = 10                     # a flag without its dashes; the command line has the last word
//   assert = ["loss==0"]
//   [[phases]]
//   name = "ramp"                 # without: its number
//   duration = "10s"
//   rate = "1k"                   # without: none at all, a pause
//   to = "10k"                    # what it rises or falls to; without: it is held
//   run = "kill -STOP 4711"       # given to a shell when the phase begins
//   assert = ["p99(e2e)<5ms"]     # about the messages that are due in this phase
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ringmq::bench {

// Reads settings.run_file into `settings`, where `app` has not seen the flag. A value: leave with
// this exit code, and what is wrong was said, with file, line, key and what was expected.
[[nodiscard]] std::optional<int> ApplyRunFile(CLI::App& app, Settings& settings);

}  // namespace ringmq::bench
