// A block of lines at the bottom of a terminal that is drawn anew in place.
//
// The cursor is hidden while a block stands, and shown again when the Terminal goes, when a signal
// ends the process, and while it is stopped (Ctrl-Z). It stops between two frames, never within
// one, and in the background (bg) it draws nothing: the lines there are the shell's. A frame is one
// write; if the terminal does not take it (Ctrl-S), it is left out, so that nothing that is
// measured waits for a screen.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace ringmq::bench {

struct TerminalSize {
  size_t columns = 0;
  size_t rows = 0;

  bool operator==(const TerminalSize&) const = default;
};

// The escape sequences of one frame; pure, apart from the terminal so that tests reach it.
class Block {
 public:
  // What has to be written to stand `lines` where the block was. Lines that do not fit into the
  // height are left out from below; none may be wider than the terminal.
  [[nodiscard]] std::string Draw(std::span<const std::string> lines, TerminalSize size);
  // What removes it; nothing if there is none.
  [[nodiscard]] std::string Erase();
  // Somebody else has written below it: the next one is drawn beneath.
  void Forget() { widths_.clear(); }

 private:
  [[nodiscard]] std::string Home(TerminalSize size) const;

  std::vector<size_t> widths_;  // Of the lines that stand; empty: none.
  TerminalSize size_;           // When they were drawn.
};

class Terminal {
 public:
  // Of standard error, which is a terminal. One at a time in a process: it takes signals, and has
  // to be made before the threads that inherit its mask.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Whether a screen can be drawn there: a terminal that knows the sequences, and is ours.
  [[nodiscard]] static bool Suits();
  [[nodiscard]] TerminalSize size() const;
  void Draw(std::span<const std::string> lines);
  // Removes the block, as when something else is to be said.
  void Erase();

 private:
  void Write(const std::string& text);
  [[nodiscard]] bool TakesMore() const;
  // Stops if that was asked for. Whether the block, if there is one, is where it was drawn.
  [[nodiscard]] bool OwnsItsLines();

  bool takes_stops_ = false;
  Block block_;
  sigset_t mask_before_;
};

}  // namespace ringmq::bench
