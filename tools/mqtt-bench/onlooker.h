// Somebody who follows a run besides the screen, and may have something to say of it in the end.
//
// All but the first and the last look is called on the director's thread. Threads of one's own
// begin with the first tick, for the processes of a run are forked before.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "load/tick.h"
#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

class Onlooker {
 public:
  virtual ~Onlooker() = default;

  // How it was before: some seconds at most. On a thread of its own, as others' first looks are
  // under way at the same time; nothing else is called before it returns.
  virtual void LookFirst() {}
  // The run begins now.
  virtual void OnStart() {}
  // Some times a second.
  virtual void OnTick(const load::Tick& tick) = 0;
  // How it was afterwards; as the first look.
  virtual void LookLast() {}
  // Once, when all is known and judged: what it saw goes into `result`.
  virtual void OnResult(report::Result& result) = 0;
};

using Onlookers = std::vector<std::unique_ptr<Onlooker>>;

// Those that watch somebody else, as the flags ask for it, after their first looks. Metrics are
// served meanwhile. An error names the flag.
[[nodiscard]] absl::StatusOr<Onlookers> MakeWatchers(const Settings& settings);

// When the run is over, before OnResult(). All at once: none waits for another's that is silent.
void LookLast(const Onlookers& onlookers);

// Those that tell others of the run. They are to be called after those who have something to say.
// `known` is what is known of the result before the run.
void AddTellers(const Settings& settings, const report::Result& known, Onlookers& onlookers);

}  // namespace ringmq::bench
