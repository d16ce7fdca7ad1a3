// The retained messages that one core keeps: one per topic, found by filter in bounded steps.
//
// Topics are ordered level by level ("/" before everything else), so that all topics below a
// prefix stand together, "a" stands right before "a/...", and a search may jump over what cannot
// match. A search is a cursor: the topic it has come to. It survives any change between steps.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "base/time.h"
#include "codec/message.h"

namespace ringmq::routing {

class RetainedStore {
 public:
  enum class PutResult : uint8_t { kStored, kReplaced, kCleared, kNothing };

  // Keeps the message as the newest of its topic; an empty payload removes what is there.
  // [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7]
  PutResult Put(const codec::MessageRef& message);

  struct Cursor {
    std::string position;  // The last topic looked at.
    bool done = false;
  };
  // Looks at no more than `visits_max` topics from the cursor on and calls fn for those that match
  // and have not expired, at most `matches_max`; fn returns false to stop there.
  void Match(std::string_view filter, Cursor& cursor, uint32_t visits_max, uint32_t matches_max,
             Instant now, absl::FunctionRef<bool(const codec::MessageRef&)> fn);

  // Removes expired ones among the next `visits_max` topics. Returns how many.
  size_t RemoveExpired(Instant now, uint32_t visits_max);

  [[nodiscard]] bool Has(std::string_view topic) const { return messages_.contains(topic); }
  [[nodiscard]] size_t count() const { return messages_.size(); }
  // Memory of the messages, without the tree.
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  struct LevelOrder {
    bool operator()(std::string_view a, std::string_view b) const;
  };
  // Keys are views of the messages' topics.
  using Map = absl::btree_map<std::string_view, codec::MessageRef, LevelOrder>;

  void Erase(Map::iterator it);

  Map messages_;
  uint64_t bytes_ = 0;
  std::string expiry_position_;
};

}  // namespace ringmq::routing
