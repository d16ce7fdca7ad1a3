// What the threads of a run show while it is under way (series.h, board.h), on its way from their
// process to the one that started it, where it is shown as if they were its own.
//
// Only what is new goes: the seconds that are over, and of each histogram the samples since its
// thread posted before. Merged in their order they are what the thread has.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/board.h"
#include "load/series.h"

namespace ringmq::load {

[[nodiscard]] std::string SecondToText(int64_t index, const LiveSecond& second);
// False: it is not whole, and nothing of it counts.
bool AddSecond(std::string_view text, Series& series);

class PostingSender {
 public:
  // `threads` of the whole run.
  explicit PostingSender(uint32_t threads) : said_(threads) {}

  // The postings that were made since the call before; empty: none was.
  [[nodiscard]] std::string News(const Board& board);

 private:
  std::vector<Posting> said_;  // By thread.
};

class PostingReceiver {
 public:
  explicit PostingReceiver(uint32_t threads) : heard_(threads) {}

  // Requires: all that one sender said of a thread, in its order. False: it is not whole, and what
  // is of it counts.
  bool Take(std::string_view text, Board& board);

 private:
  std::vector<Tally> heard_;  // By thread.
};

}  // namespace ringmq::load
