// Somebody who follows a run besides the screen, and may have something to say of it in the end.
//
// All is called on the director's thread. Threads of one's own begin with the first tick, for the
// processes of a run are forked before.
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

  // Some times a second.
  virtual void OnTick(const load::Tick& tick) = 0;
  // Once, when all is known and judged: what it saw goes into `result`.
  virtual void OnResult(report::Result& result) = 0;
};

using Onlookers = std::vector<std::unique_ptr<Onlooker>>;

// Those that the flags ask for, in the order in which they are to be called. `known` is what is
// known of the result before the run. An error names the flag.
[[nodiscard]] absl::StatusOr<Onlookers> MakeOnlookers(const Settings& settings,
                                                      const report::Result& known);

}  // namespace ringmq::bench
