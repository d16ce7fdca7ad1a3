// SPDX-License-Identifier: Apache-2.0
#include "codec/topic_alias.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/check.h"

namespace ringmq::codec {
namespace {

absl::string_view Key(std::string_view topic) { return {topic.data(), topic.size()}; }

}  // namespace

// Entries are numbered by alias; number zero is the sentinel of a circular list that runs from the
// most recently used entry to the least.
struct OutboundAliases::Table {
  struct Entry {
    std::string topic;
    uint16_t newer = 0;
    uint16_t older = 0;
  };

  explicit Table(uint16_t maximum)
      : capacity(maximum), entries(std::make_unique<Entry[]>(size_t{maximum} + 1)) {}

  void Unlink(uint16_t alias) {
    Entry& entry = entries[alias];
    entries[entry.newer].older = entry.older;
    entries[entry.older].newer = entry.newer;
  }

  void LinkBetween(uint16_t newer, uint16_t alias, uint16_t older) {
    entries[alias].newer = newer;
    entries[alias].older = older;
    entries[newer].older = alias;
    entries[older].newer = alias;
  }

  void MakeNewest(uint16_t alias) { LinkBetween(0, alias, entries[0].older); }
  void MakeOldest(uint16_t alias) { LinkBetween(entries[0].newer, alias, 0); }

  void ClearTopic(Entry& entry) {
    if (!entry.topic.empty()) by_topic.erase(Key(entry.topic));
    entry.topic.clear();
  }

  const uint16_t capacity;
  uint16_t size = 0;
  std::unique_ptr<Entry[]> entries;  // Never moves: `by_topic` points into the strings.
  absl::flat_hash_map<absl::string_view, uint16_t> by_topic;
};

OutboundAliases::OutboundAliases(uint16_t receiver_maximum)
    : maximum_(std::min(receiver_maximum, kAliasesMax)) {}

OutboundAliases::~OutboundAliases() = default;

OutboundAliases::Assigned OutboundAliases::Use(std::string_view topic) {
  if (maximum_ == 0) return {};
  if (topic.size() < kTopicBytesMin || topic.size() > kTopicBytesMax) return {};
  if (table_ == nullptr) table_ = std::make_unique<Table>(maximum_);
  Table& table = *table_;

  if (const auto found = table.by_topic.find(Key(topic)); found != table.by_topic.end()) {
    const uint16_t alias = found->second;
    table.Unlink(alias);
    table.MakeNewest(alias);
    return {.alias = alias, .is_new = false};
  }

  uint16_t alias;
  if (table.size < table.capacity) {
    alias = ++table.size;
  } else {
    alias = table.entries[0].newer;  // The oldest is the last one before the sentinel.
    table.Unlink(alias);
  }
  Table::Entry& entry = table.entries[alias];
  table.ClearTopic(entry);
  entry.topic.assign(topic);
  table.by_topic.emplace(Key(entry.topic), alias);
  table.MakeNewest(alias);
  RMQ_CHECK(alias >= 1);
  RMQ_CHECK(alias <= maximum_);
  return {.alias = alias, .is_new = true};
}

void OutboundAliases::Forget(uint16_t alias) {
  RMQ_CHECK(table_ != nullptr);
  RMQ_CHECK(alias >= 1);
  RMQ_CHECK(alias <= table_->size);
  table_->ClearTopic(table_->entries[alias]);
  table_->Unlink(alias);
  table_->MakeOldest(alias);
}

bool InboundAliases::Set(uint16_t alias, std::string_view topic) {
  RMQ_CHECK(!topic.empty());
  if (!IsValid(alias)) return false;
  if (topics_.size() < alias) topics_.resize(alias);
  topics_[alias - 1].assign(topic);
  return true;
}

std::optional<std::string_view> InboundAliases::Resolve(uint16_t alias) const {
  if (!IsValid(alias) || alias > topics_.size() || topics_[alias - 1].empty()) return std::nullopt;
  return topics_[alias - 1];
}

}  // namespace ringmq::codec
