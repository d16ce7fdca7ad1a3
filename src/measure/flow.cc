// SPDX-License-Identifier: Apache-2.0
#include "measure/flow.h"

#include <bit>

namespace ringmq::measure {

FlowVerdict FlowWindow::ObserveOutOfStep(uint64_t sequence) {
  if (sequence > next_) {
    SkipTo(sequence);
    return Observe(sequence);
  }
  if (next_ - sequence > kWindow) {
    // With nothing missing from before the window it must have come already.
    if (missed_ == 0) return FlowVerdict::kDuplicate;
    ++too_old_;
    return FlowVerdict::kTooOldToTell;
  }
  const uint64_t bit = uint64_t{1} << (sequence % 64);
  uint64_t& word = seen_[sequence % kWindow / 64];
  if ((word & bit) != 0) return FlowVerdict::kDuplicate;
  word |= bit;
  ++distinct_;
  return FlowVerdict::kReordered;
}

// Moves the window so that `sequence` is next, with everything between as not seen.
void FlowWindow::SkipTo(uint64_t sequence) {
  if (sequence - next_ >= kWindow) {
    for (uint64_t& word : seen_) {
      missed_ += static_cast<uint64_t>(std::popcount(~word));
      word = 0;
    }
    // Of the numbers skipped only the last kWindow are in the new window.
    missed_ += sequence - next_ - kWindow;
    next_ = sequence;
    return;
  }
  for (; next_ != sequence; ++next_) {
    const uint64_t bit = uint64_t{1} << (next_ % 64);
    uint64_t& word = seen_[next_ % kWindow / 64];
    missed_ += (word & bit) == 0 ? 1 : 0;
    word &= ~bit;
  }
}

void IntegrityCounts::Add(const IntegrityCounts& other) {
  received += other.received;
  lost += other.lost;
  lost_permitted += other.lost_permitted;
  lost_unpromised += other.lost_unpromised;
  surplus += other.surplus;
  duplicates += other.duplicates;
  duplicates_permitted += other.duplicates_permitted;
  reordered += other.reordered;
  too_old += other.too_old;
  corrupt += other.corrupt;
  misrouted += other.misrouted;
  wrong_qos += other.wrong_qos;
  foreign += other.foreign;
}

void IntegrityCounts::Add(FlowVerdict verdict) {
  ++received;
  switch (verdict) {
    case FlowVerdict::kInOrder:
      return;
    case FlowVerdict::kReordered:
      ++reordered;
      return;
    case FlowVerdict::kDuplicate:
      ++duplicates;
      return;
    case FlowVerdict::kTooOldToTell:
      ++too_old;
      return;
  }
}

bool IntegrityCounts::sound() const {
  return (lost | surplus | duplicates | reordered | too_old | corrupt | misrouted | wrong_qos) == 0;
}

}  // namespace ringmq::measure
