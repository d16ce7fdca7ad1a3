// SPDX-License-Identifier: Apache-2.0
#include "terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "report/columns.h"

namespace ringmq::bench {
namespace {

constexpr int kScreen = STDERR_FILENO;
constexpr char kHideCursor[] = "\x1b[?25l";
constexpr char kShowCursor[] = "\x1b[?25h";
constexpr char kEraseBelow[] = "\x1b[J";
constexpr char kEraseRest[] = "\x1b[K";

constexpr int kEnding[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT,
                           SIGSEGV, SIGBUS,  SIGFPE, SIGILL};

// Columns that a line takes, without its escape sequences.
size_t WidthOf(std::string_view line) {
  size_t width = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = std::min(line.find_first_of("mKJhl", i), line.size() - 1);
      continue;
    }
    const bool begins_character = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
    width += begins_character ? 1 : 0;
  }
  return width;
}

void ShowCursor() {
  [[maybe_unused]] const ssize_t written = write(kScreen, kShowCursor, sizeof(kShowCursor) - 1);
}

// In a signal handler: the handler is gone already (SA_RESETHAND), so this ends the process.
void ShowCursorAndEnd(int signal_number) {
  ShowCursor();
  raise(signal_number);
}

// What somebody chose to ignore (nohup) stays ignored.
void Catch(int signal_number, void (*handler)(int), int flags) {
  struct sigaction before {};
  sigaction(signal_number, nullptr, &before);
  if (before.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal_number, &action, nullptr);
}

bool IsDefault(int signal_number) {
  struct sigaction now {};
  sigaction(signal_number, nullptr, &now);
  return now.sa_handler == SIG_DFL;
}

// Takes it, if it came. It has to be blocked, so that it waits until somebody asks.
bool WasSent(int signal_number) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, signal_number);
  const timespec at_once{};
  return sigtimedwait(&mask, nullptr, &at_once) == signal_number;
}

bool IsInForeground() { return tcgetpgrp(kScreen) == getpgrp(); }

void LetGo(int signal_number, void (*handler)(int)) {
  struct sigaction now {};
  sigaction(signal_number, nullptr, &now);
  if (now.sa_handler == handler) signal(signal_number, SIG_DFL);
}

}  // namespace

// To the first line of the block, from the line beneath it. When the terminal became narrower it
// has broken the lines that no longer fit, as nearly all of today's do, and the block is higher.
std::string Block::Home(TerminalSize size) const {
  size_t rows = 0;
  for (const size_t width : widths_) {
    const bool was_broken = size.columns > 0 && size.columns < size_.columns;
    rows += was_broken && width > size.columns ? (width + size.columns - 1) / size.columns : 1;
  }
  return rows == 0 ? "\r" : "\r\x1b[" + std::to_string(rows) + "A";
}

std::string Block::Draw(std::span<const std::string> lines, TerminalSize size) {
  // The line beneath belongs to the cursor.
  const size_t rows_max = size.rows > 1 ? size.rows - 1 : 1;
  const size_t count = std::min(lines.size(), rows_max);
  std::string text = kHideCursor + Home(size);
  // A narrower one is cleared first, for its broken lines are not where ours go.
  if (size != size_) text += kEraseBelow;
  widths_.clear();
  for (const std::string& line : lines.first(count)) {
    text += line + kEraseRest + "\r\n";
    widths_.push_back(WidthOf(line));
  }
  size_ = size;
  return text + kEraseBelow;  // Also "^C", which the terminal wrote there.
}

std::string Block::Erase() {
  if (widths_.empty()) return "";
  std::string text = Home(size_) + kEraseBelow;
  widths_.clear();
  return text;
}

Terminal::Terminal() {
  for (const int number : kEnding) Catch(number, ShowCursorAndEnd, SA_RESETHAND | SA_NODEFER);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCONT);
  // One that is ignored would come through if it were blocked.
  takes_stops_ = IsDefault(SIGTSTP);
  if (takes_stops_) sigaddset(&mask, SIGTSTP);
  pthread_sigmask(SIG_BLOCK, &mask, &mask_before_);
}

Terminal::~Terminal() {
  Write(kShowCursor);
  for (const int number : kEnding) LetGo(number, ShowCursorAndEnd);
  static_cast<void>(WasSent(SIGCONT));
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool Terminal::Suits() {
  if (isatty(kScreen) == 0) return false;
  const char* const kind = std::getenv("TERM");
  if (kind == nullptr || std::string_view(kind) == "dumb") return false;
  return IsInForeground();  // Elsewhere it would draw over the shell's lines.
}

TerminalSize Terminal::size() const {
  winsize size{};
  if (ioctl(kScreen, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {80, 24};
  return {size.ws_col, size.ws_row};
}

void Terminal::Draw(std::span<const std::string> lines) {
  if (!OwnsItsLines()) block_.Forget();
  if (IsInForeground() && TakesMore()) Write(block_.Draw(lines, size()));
}

void Terminal::Erase() {
  if (!OwnsItsLines()) block_.Forget();
  Write(block_.Erase());
}

bool Terminal::OwnsItsLines() {
  if (takes_stops_ && WasSent(SIGTSTP)) {
    ShowCursor();
    raise(SIGSTOP);
    static_cast<void>(WasSent(SIGCONT));
    return false;
  }
  return !WasSent(SIGCONT) && IsInForeground();
}

void Terminal::Write(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = write(kScreen, text.data() + done, text.size() - done);
    if (written <= 0) return;  // It is gone, and nothing can be said of that anywhere.
    done += static_cast<size_t>(written);
  }
}

bool Terminal::TakesMore() const {
  pollfd state{.fd = kScreen, .events = POLLOUT, .revents = 0};
  return poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) != 0;
}

}  // namespace ringmq::bench
