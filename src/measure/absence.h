// The messages of one flow that nobody promised to deliver, because their subscriber was away
// without a session: from the one that it would have got next to the first that was published when
// it had subscribed again. Some of them may come nevertheless.
//
//   seen   |  not promised              |  promised again
//   -------+----------------------------+----------------->  sequence numbers
//          next() at the end            published when SUBACK came
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace ringmq::measure {

class Absence {
 public:
  static constexpr uint64_t kNoEnd = UINT64_MAX;

  // The connection has ended; `next` is one more than the greatest number that came.
  void Leave(uint64_t next) {
    before_ += Below(next) - seen_;
    begin_ = next;
    end_ = kNoEnd;
    seen_ = 0;
  }
  // It has subscribed again, when numbers below `published` had been published.
  void Return(uint64_t published) { end_ = std::max(begin_, published); }

  [[nodiscard]] bool Covers(uint64_t sequence) const {
    return sequence >= begin_ && sequence < end_;
  }
  // Of [from, to).
  [[nodiscard]] uint64_t Covered(uint64_t from, uint64_t to) const {
    const uint64_t low = std::max(from, begin_);
    const uint64_t high = std::min(to, end_);
    return high > low ? high - low : 0;
  }
  // One that it covers has come for the first time.
  void NoteSeen() { ++seen_; }

  // Those below `sent` that never came, of this absence and all before.
  [[nodiscard]] uint64_t Missed(uint64_t sent = kNoEnd) const {
    return before_ + Below(sent) - seen_;
  }
  [[nodiscard]] bool is_over() const { return end_ != kNoEnd; }

 private:
  [[nodiscard]] uint64_t Below(uint64_t sequence) const { return Covered(begin_, sequence); }

  uint64_t begin_ = 0;
  uint64_t end_ = 0;     // kNoEnd: it is still away.
  uint64_t seen_ = 0;    // Of [begin_, end_).
  uint64_t before_ = 0;  // Of earlier absences, not seen.
};

}  // namespace ringmq::measure
