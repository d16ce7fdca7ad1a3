// What became of the messages of one flow, that is of one publisher towards one subscriber: which
// arrived, twice, or behind a later one, and in the end how many never did.
//
// A flow remembers the last 256 sequence numbers one by one and older ones as counts. There are as
// many flows as publishers times subscribers, so one is exactly a cache line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace ringmq::measure {

enum class FlowVerdict : uint8_t {
  kInOrder,      // Later than everything so far; a gap before it is no fault of this message.
  kReordered,    // The first of its number, behind a later one.
  kDuplicate,    // This number came already.
  kTooOldToTell  // Left the window unseen or not, nobody knows: one of the two above.
};

struct FlowLoss {
  uint64_t lost = 0;       // At most this many never arrived ...
  uint64_t uncertain = 0;  // ... of which so many may have been the ones too old to tell.
};

// Requires of the numbers: they count from zero, and the one that observes knows them to be
// intact, since a number from far ahead makes everything before it look late.
class FlowWindow {
 public:
  static constexpr uint64_t kWindow = 256;

  // What lies before number zero is taken as seen, so that it does not count as missing.
  FlowWindow() { seen_.fill(~uint64_t{0}); }

  FlowVerdict Observe(uint64_t sequence) {
    if (sequence == next_) [[likely]] {
      // In the ring of bits the place of `next_` is also that of the oldest number, which leaves.
      const uint64_t bit = uint64_t{1} << (sequence % 64);
      uint64_t& word = seen_[sequence % kWindow / 64];
      missed_ += (word & bit) == 0 ? 1 : 0;
      word |= bit;
      ++next_;
      ++distinct_;
      return FlowVerdict::kInOrder;
    }
    return ObserveOutOfStep(sequence);
  }

  // One more than the greatest number so far.
  [[nodiscard]] uint64_t next() const { return next_; }

  // Different numbers seen, for certain.
  [[nodiscard]] uint64_t distinct() const { return distinct_; }

  // What is missing of the numbers below `sent`, once no more can come. Losses at the end of the
  // flow are known only here, since no later number shows them.
  [[nodiscard]] FlowLoss Close(uint64_t sent) const {
    const uint64_t lost = sent > distinct_ ? sent - distinct_ : 0;
    // Each one too old may have been one of those that left the window unseen, if any did.
    const uint64_t late = too_old_ < missed_ ? too_old_ : missed_;
    return {.lost = lost, .uncertain = late < lost ? late : lost};
  }

 private:
  FlowVerdict ObserveOutOfStep(uint64_t sequence);
  void SkipTo(uint64_t sequence);

  std::array<uint64_t, kWindow / 64> seen_;  // One bit for each of [next_ - kWindow, next_).
  uint64_t next_ = 0;
  uint64_t distinct_ = 0;
  uint64_t missed_ = 0;   // Numbers that left the window unseen.
  uint64_t too_old_ = 0;  // Arrivals from before the window while missed_ was not zero.
};

static_assert(sizeof(FlowWindow) <= 64);

// Everything that can be said of the messages of a run, as counts that add up over flows, threads
// and processes.
struct IntegrityCounts {
  uint64_t received = 0;        // Stamped messages of this run, duplicates included.
  uint64_t lost = 0;            // At QoS 1 and 2, where it is a fault.
  uint64_t lost_permitted = 0;  // At QoS 0, where the standard permits it.
  // Missing, but nobody promised it: a session ended with its connection, that of the publisher
  // before the acknowledgement or that of the subscriber before the delivery. At most these.
  uint64_t lost_unpromised = 0;
  uint64_t surplus = 0;  // More than were expected, where only totals are compared.
  uint64_t duplicates = 0;
  uint64_t duplicates_permitted = 0;  // At QoS 1, sent again when a session was resumed.
  uint64_t reordered = 0;
  uint64_t too_old = 0;    // A duplicate or out of order, too late to tell which.
  uint64_t corrupt = 0;    // The checksum does not fit.
  uint64_t misrouted = 0;  // Arrived at somebody who did not subscribe to it.
  uint64_t wrong_qos = 0;  // Not min(published, granted).
  uint64_t foreign = 0;    // No stamp, or that of another run.

  bool operator==(const IntegrityCounts&) const = default;

  void Add(const IntegrityCounts& other);

  // Counts one arrival and what the flow said to it.
  void Add(FlowVerdict verdict);

  // Whether nothing is wrong. Foreign messages, what is permitted and what was not promised are
  // nobody's fault.
  [[nodiscard]] bool sound() const;
};

}  // namespace ringmq::measure
