// Remembers who gets what is published to a topic: publishers repeat their topics.
//
// An entry is good while its generation is the router's; any change of subscriptions makes all of
// them stale at once, and each is resolved again, in its old memory, when its topic comes again.
//
// A topic is admitted when it is seen the second time, so that a stream of topics that never come
// again costs a hash and no memory. When it is full it starts over.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/string_key.h"
#include "routing/subscription.h"

namespace ringmq::routing {

class MatchCache {
 public:
  static constexpr size_t kTopicBytesMax = 512;  // Longer topics are not worth it.
  // Room for receivers in all entries: some 40 MB. Exceeded by one route at the most.
  static constexpr size_t kReceiversMax = 1'000'000;

  struct Entry {
    uint64_t generation = 0;  // Zero: never resolved.
    size_t accounted = 0;     // What receivers_ has of this entry.
    Route route;
  };

  explicit MatchCache(uint32_t entries_max) : entries_max_(entries_max) {}

  // The topic's entry, or null when the topic is not (yet) worth one.
  [[nodiscard]] Entry* Find(std::string_view topic);
  // After an entry was resolved: gives back much more room than it needs, and keeps account of
  // what it holds.
  void NoteResolved(Entry& entry);
  // Before an entry is resolved: starts over if there is too much. True: entries found before are
  // gone.
  [[nodiscard]] bool TrimIfFull(const Entry& entry);

  [[nodiscard]] size_t size() const { return entries_.size(); }
  // Room for receivers that all entries hold together.
  [[nodiscard]] size_t receivers() const { return receivers_; }

 private:
  const uint32_t entries_max_;
  size_t receivers_ = 0;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>, base::StringKeyHash,
                      base::StringKeyEqual>
      entries_;
  std::array<uint32_t, 4096> seen_once_{};  // Hashes of topics, by their low bits.
};

}  // namespace ringmq::routing
