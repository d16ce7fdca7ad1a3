// SPDX-License-Identifier: Apache-2.0
#include "load/board.h"

#include <algorithm>

namespace ringmq::load {

Board::Board(uint32_t threads) : slots_(threads) {
  for (auto& slot : slots_) slot = std::make_unique<Slot>();
}

void Board::Post(uint32_t part, const Tally& tally, int64_t now_ns) {
  Slot& slot = *slots_[part];
  const std::lock_guard lock(slot.mutex);
  slot.posting.at_ns = now_ns;
  slot.posting.tally = tally;
}

int64_t Board::oldest_ns() const {
  int64_t oldest_ns = INT64_MAX;
  for (const auto& slot : slots_) {
    const std::lock_guard lock(slot->mutex);
    oldest_ns = std::min(oldest_ns, slot->posting.at_ns);
  }
  return oldest_ns;
}

void Board::ForEach(absl::FunctionRef<void(uint32_t part, const Posting& posting)> look) const {
  for (uint32_t part = 0; part < slots_.size(); ++part) {
    const std::lock_guard lock(slots_[part]->mutex);
    look(part, slots_[part]->posting);
  }
}

}  // namespace ringmq::load
