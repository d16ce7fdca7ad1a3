// One run by several processes: what `--processes` does.
//
// The tool forks copies of itself, each with its share of threads and connections. They follow the
// phases of the one that started them through memory that all have in common, and each hands what
// it found over through a pipe (channel.h). If one of them dies, the run is given up.
//
// Of mere traffic the results are merged as those of any runs (report/merge.h): the verdict is that
// of the worst process. Where the steps of a run are measured, which belong to all processes, the
// findings are put together first and judged as those of one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "load/run.h"
#include "report/result.h"

namespace ringmq::bench {

struct ProcessesOfRun {
  uint32_t count = 2;
  std::function<void()> begin;  // In each process, before it connects.
  // Of a process's outcome, in that process, or of what they found together.
  std::function<report::Result(const load::Outcome& outcome)> make_result;
  // Of the first one: it watches the broker. Others are only told when they leave.
  load::Observer first;
  // Of who started them; if it has on_tick, the others hand on what is to be seen.
  load::Observer leader;
};

// Requires: one thread; plan.threads is that of all processes, a multiple of their number.
// Not ok: a process could not be started or died; the message says which one and of what.
[[nodiscard]] absl::StatusOr<report::Result> RunProcesses(const load::Plan& plan,
                                                          const load::RunTimes& times,
                                                          const ProcessesOfRun& processes);

}  // namespace ringmq::bench
