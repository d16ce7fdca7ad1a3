// Topic aliases of 5.0 s3.3.2.3.4, one object for each direction of a connection.
//
// Both live and die with the network connection [MQTT-3.3.2-7], own no heap memory before their
// first use, and are bounded: by what the receiver allows, and outbound by kAliasesMax too.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringmq::codec {

// Gives aliases to the topics that we send, the least recently used alias going to the new topic.
class OutboundAliases {
 public:
  // Ours: more would cost memory for each connection and gain little.
  static constexpr uint16_t kAliasesMax = 64;
  // An alias costs three bytes, so shorter topics gain nothing.
  static constexpr size_t kTopicBytesMin = 4;
  // Longer topics are sent in full: the table must stay small.
  static constexpr size_t kTopicBytesMax = 512;

  struct Assigned {
    uint16_t alias = 0;   // Zero: send the topic without one.
    bool is_new = false;  // Send topic and alias; otherwise the alias alone is enough.
  };

  // `receiver_maximum` is the Topic Alias Maximum of CONNECT; zero allows none.
  // [MQTT-3.1.2-26] [MQTT-3.1.2-27]
  explicit OutboundAliases(uint16_t receiver_maximum);
  ~OutboundAliases();
  OutboundAliases(const OutboundAliases&) = delete;
  OutboundAliases& operator=(const OutboundAliases&) = delete;

  // The alias to use in the PUBLISH that is written next. The caller writes that packet, or takes
  // the answer back with Forget(): the peer must learn of each new alias.
  [[nodiscard]] Assigned Use(std::string_view topic);

  // The packet that Use() answered for is not written after all. Requires: `alias` is not zero.
  void Forget(uint16_t alias);

 private:
  struct Table;
  uint16_t maximum_;
  std::unique_ptr<Table> table_;
};

// Remembers the aliases that the peer gives.
class InboundAliases {
 public:
  // `maximum` is what we announced; zero allows none. [MQTT-3.2.2-17] [MQTT-3.2.2-18]
  explicit InboundAliases(uint16_t maximum) : maximum_(maximum) {}

  // False when the alias is zero or above the maximum (answer: 0x94). [MQTT-3.3.2-8] [MQTT-3.3.2-9]
  [[nodiscard]] bool Set(uint16_t alias, std::string_view topic);

  // The topic; empty when the alias is invalid or was never set (answer: 0x94 when invalid, 0x82
  // when unknown). The view lives until the same alias is set again.
  [[nodiscard]] std::optional<std::string_view> Resolve(uint16_t alias) const;

  [[nodiscard]] bool IsValid(uint16_t alias) const { return alias != 0 && alias <= maximum_; }

 private:
  uint16_t maximum_;
  std::vector<std::string> topics_;  // By alias, less one; empty: not set.
};

}  // namespace ringmq::codec
