// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "measure/quantity.h"
#include "reactor/clock.h"
#include "run_once.h"

namespace ringmq::bench {

Progress::Progress(const Settings& settings, OffScreen off_screen) {
  is_erased_ = off_screen == OffScreen::kNothing || isatty(STDOUT_FILENO) != 0;
  if (settings.quiet) return;
  if (!settings.no_screen && Terminal::Suits()) {
    form_ = Form::kScreen;
  } else if (off_screen == OffScreen::kLines) {
    form_ = Form::kLines;
  }
  if (form_ == Form::kScreen) terminal_ = std::make_unique<Terminal>();
  // https://no-color.org: set, and not to nothing.
  const char* const no_colour = std::getenv("NO_COLOR");
  if (no_colour == nullptr || *no_colour == '\0') colour_ = report::Colour::kAnsi;
  state_.title = absl::StrCat(settings.command, "  ", TitleOf(settings));
  state_.is_closed_loop = settings.rate.empty() && settings.command != "sub";
  state_.has_acks = settings.qos > 0;
  state_.has_hearers = settings.command != "pub";
  state_.watch_pid = settings.watch_pid;
  const auto messages = measure::ParseCount(settings.messages);
  if (messages.ok()) state_.messages_max = static_cast<uint64_t>(*messages);
}

Progress::~Progress() {
  if (terminal_ != nullptr && is_erased_) terminal_->Erase();
}

void Progress::Show(const load::Tick& tick) {
  if (form_ == Form::kNothing) return;
  state_.tick = tick;
  if (form_ == Form::kScreen) {
    // In the last column some terminals break the line.
    const size_t columns = std::max<size_t>(terminal_->size().columns, 2) - 1;
    terminal_->Draw(LiveScreen(state_, columns, colour_));
  } else if (tick.phase != load::Phase::kLeave) {
    PrintLine();
  }
  state_.tick.seconds = {};  // They are the director's again.
}

void Progress::PrintLine() {
  const int64_t now_ns = reactor::MonotonicNow().ns;
  if (now_ns < next_line_ns_) return;
  next_line_ns_ = now_ns + 950'000'000;  // Ticks come a little early or late.
  std::fprintf(stderr, "%s\n", LiveLine(state_).c_str());
}

absl::StatusOr<report::Result> RunOnScreen(const Settings& settings, OffScreen off_screen) {
  if (settings.quiet) return RunOnce(settings, nullptr);
  Progress progress(settings, off_screen);
  return RunOnce(settings, [&progress](const load::Tick& tick) { progress.Show(tick); });
}

}  // namespace ringmq::bench
