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
  static constexpr size_t kTopicBytesMax = 512;       // Longer topics are not worth it.
  static constexpr size_t kReceiversMax = 1'000'000;  // In all entries: some 40 MB.

  struct Entry {
    uint64_t generation = 0;  // Zero: never resolved.
    Route route;
  };

  explicit MatchCache(uint32_t entries_max) : entries_max_(entries_max) {}

  // The topic's entry, or null when the topic is not (yet) worth one.
  [[nodiscard]] Entry* Find(std::string_view topic);
  // After an entry was resolved: keeps account of what it holds.
  void NoteResolved(size_t receivers_before, size_t receivers_now);
  // Makes room if there is too much. Entries found before are gone.
  void TrimIfFull();

  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  const uint32_t entries_max_;
  size_t receivers_ = 0;
  absl::flat_hash_map<std::string, std::unique_ptr<Entry>, base::StringKeyHash,
                      base::StringKeyEqual>
      entries_;
  std::array<uint32_t, 4096> seen_once_{};  // Hashes of topics, by their low bits.
};

}  // namespace ringmq::routing
