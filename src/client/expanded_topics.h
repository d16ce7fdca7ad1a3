// The topics behind the aliases that the server gives us (5.0 s3.3.2.3.4), as views that survive
// until the batch of events that shows them is done, even if their alias gets a new topic
// meanwhile.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringmq::client {

class ExpandedTopics {
 public:
  explicit ExpandedTopics(uint16_t maximum) : maximum_(maximum) {}

  [[nodiscard]] bool IsValid(uint16_t alias) const { return alias != 0 && alias <= maximum_; }

  // Requires: IsValid(alias).
  void Set(uint16_t alias, std::string_view topic) {
    if (topics_.size() < alias) topics_.resize(alias);
    std::unique_ptr<std::string>& place = topics_[alias - 1];
    if (place != nullptr) {
      if (*place == topic) return;
      retired_.push_back(std::move(place));
    }
    place = std::make_unique<std::string>(topic);
  }

  // Nothing: it was never set.
  [[nodiscard]] std::optional<std::string_view> Resolve(uint16_t alias) const {
    if (alias > topics_.size() || topics_[alias - 1] == nullptr) return std::nullopt;
    return *topics_[alias - 1];
  }

  // Views of earlier batches end.
  void BeginBatch() { retired_.clear(); }
  // Aliases live no longer than the connection. [MQTT-3.3.2-7] Views live on until BeginBatch().
  void Reset() {
    for (std::unique_ptr<std::string>& topic : topics_) {
      if (topic != nullptr) retired_.push_back(std::move(topic));
    }
    topics_.clear();
  }

 private:
  const uint16_t maximum_;
  std::vector<std::unique_ptr<std::string>> topics_;  // By alias, less one.
  std::vector<std::unique_ptr<std::string>> retired_;
};

}  // namespace ringmq::client
