// SPDX-License-Identifier: Apache-2.0
#include "routing/match_cache.h"

#include "base/check.h"

namespace ringmq::routing {

MatchCache::Entry* MatchCache::Find(std::string_view topic) {
  const auto it = entries_.find(topic);
  if (it != entries_.end()) return it->second.get();
  if (topic.size() > kTopicBytesMax || entries_max_ == 0) return nullptr;
  const size_t hash = base::StringKeyHash{}(topic);
  uint32_t& seen = seen_once_[hash % seen_once_.size()];
  const auto mark = static_cast<uint32_t>(hash >> 32 | 1);
  if (seen != mark) {
    seen = mark;
    return nullptr;
  }
  return entries_.emplace(std::string(topic), std::make_unique<Entry>()).first->second.get();
}

void MatchCache::NoteResolved(Entry& entry) {
  // An entry that many received and few do would keep the memory of its best day.
  constexpr size_t kSlackMin = 64;
  auto& receivers = entry.route.receivers;
  if (receivers.capacity() > kSlackMin && receivers.capacity() / 4 > receivers.size()) {
    receivers.shrink_to_fit();
    entry.route.subscription_ids.shrink_to_fit();
  }
  RMQ_CHECK(receivers_ >= entry.accounted);
  receivers_ -= entry.accounted;
  entry.accounted = receivers.capacity();
  receivers_ += entry.accounted;
}

bool MatchCache::TrimIfFull(const Entry& entry) {
  const bool is_new = entry.generation == 0;
  const bool too_many = is_new && entries_.size() > entries_max_;
  if (!too_many && receivers_ < kReceiversMax) return false;
  entries_.clear();
  receivers_ = 0;
  return true;
}

}  // namespace ringmq::routing
