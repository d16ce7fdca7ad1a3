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

void MatchCache::NoteResolved(size_t receivers_before, size_t receivers_now) {
  RMQ_CHECK(receivers_ >= receivers_before);
  receivers_ = receivers_ - receivers_before + receivers_now;
}

void MatchCache::TrimIfFull() {
  if (entries_.size() < entries_max_ && receivers_ < kReceiversMax) return;
  entries_.clear();
  receivers_ = 0;
}

}  // namespace ringmq::routing
