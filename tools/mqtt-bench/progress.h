// What is seen of runs under way, on standard error: a screen that is drawn in place where that is
// a terminal, a line a second where it is none, nothing with --quiet.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "live_screen.h"
#include "load/tick.h"
#include "report/result.h"
#include "settings.h"
#include "terminal.h"

namespace ringmq::bench {

// What is shown where there is no terminal: lines of each run, or whoever makes several of them has
// lines of its own.
enum class OffScreen : uint8_t { kLines, kNothing };

class Progress {
 public:
  explicit Progress(const Settings& settings, OffScreen off_screen = OffScreen::kLines);
  // Nothing is left of a screen if something else follows on the same terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // May be called more often than something is to be seen.
  void Show(const load::Tick& tick);

 private:
  void PrintLine();

  enum class Form : uint8_t { kNothing, kLines, kScreen };

  Form form_ = Form::kNothing;
  bool is_erased_ = false;  // In the end.
  report::Colour colour_ = report::Colour::kNone;
  std::unique_ptr<Terminal> terminal_;  // Null: there is no screen.
  LiveState state_;
  int64_t next_line_ns_ = 0;
};

// RunOnce() with a Progress.
[[nodiscard]] absl::StatusOr<report::Result> RunOnScreen(const Settings& settings,
                                                         OffScreen off_screen = OffScreen::kLines);

}  // namespace ringmq::bench
