// The histograms of each second of a run, for logs that show how latency changed
// (report::Interval).
//
// They are what a thread's histograms have grown by from one posting to the next, so they cost
// threads nothing, and added up they are those of the run: what came after the last posting is in
// the last interval. A second in which a thread did not post is part of its next one. Encoded, for
// a histogram takes 260 kB and its text some hundred bytes to some thousand.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "load/board.h"
#include "report/result.h"

namespace ringmq::load {

class Intervals {
 public:
  // Of the threads [first, first + count), and a load that begins with so long a warm-up.
  Intervals(uint32_t first, uint32_t count, double warmup_s);

  // What was posted since the call before. The load began at `load_start_ns`.
  void Take(const Board& board, int64_t load_start_ns);

  // What `all`, of all those threads together, has that none of them posted: up to `now_ns`.
  // The last call. In their order, without those in which nothing happened.
  [[nodiscard]] std::vector<report::Interval> Finish(const Tally& all, int64_t load_start_ns,
                                                     int64_t now_ns);

 private:
  static constexpr size_t kMetrics = 4;
  using Each = std::array<measure::Histogram, kMetrics>;

  struct Seen {
    int64_t at_ns = 0;
    int64_t index = -1;  // Of the last second that it was about.
    Each histograms{};
  };

  static Each Of(const Tally& tally);
  // Those that no thread will add to.
  void EncodeBefore(int64_t index);

  const uint32_t first_;
  const double warmup_s_;
  std::vector<Seen> seen_;        // By thread, the first of ours first.
  std::map<int64_t, Each> open_;  // By second of the load.
  std::vector<report::Interval> encoded_;
};

}  // namespace ringmq::load
