// The phases of `run file.toml`: how the rate changes while the connections stay, what is done to
// the broker meanwhile, and what the report says of each phase.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "load/run.h"
#include "load/tick.h"
#include "measure/rate_profile.h"
#include "report/result.h"
#include "settings.h"

namespace ringmq::bench {

// From the beginning of the warm-up on, which has the rate that the first phase begins with.
[[nodiscard]] measure::RateProfile ProfileOf(std::span<const PhaseSettings> phases,
                                             double warmup_s);

// What a run, or one process of it, has found of each phase. Requires: as many phases in the plan.
[[nodiscard]] std::vector<report::LoadPhase> LoadPhasesOf(std::span<const PhaseSettings> phases,
                                                          const load::Outcome& outcome);

// What nobody knows before all processes are together: losses, rates, and what is asserted of each
// phase. Requires: result.load_phases are those of `phases`, whose assertions are right.
void ConcludePhases(std::span<const PhaseSettings> phases, report::Result& result);

// One sentence a phase.
[[nodiscard]] std::vector<std::string> PhaseSentences(const report::Result& result);

// The commands of the phases: each is given to a shell when its phase begins, to the quarter of a
// second, and ended with the run.
class PhaseCommands {
 public:
  explicit PhaseCommands(std::span<const PhaseSettings> phases);
  ~PhaseCommands() { (void)End(); }
  PhaseCommands(const PhaseCommands&) = delete;
  PhaseCommands& operator=(const PhaseCommands&) = delete;

  void OnTick(const load::Tick& tick);
  // What became of them, a sentence each.
  [[nodiscard]] std::vector<std::string> End();

 private:
  struct Command {
    std::string name;  // Of its phase.
    std::string text;
    double at_s = 0;  // Since the measured phase began.
    pid_t pid = 0;    // 0: not begun, or its end is known.
    bool begun = false;
  };
  void Begin(Command& command);
  std::vector<Command> commands_;
};

// Requires: settings.phases.
[[nodiscard]] int RunPhases(const Settings& settings, const std::string& command_line);

}  // namespace ringmq::bench
