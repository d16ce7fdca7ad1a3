// SPDX-License-Identifier: Apache-2.0
#include "routing/retained.h"

#include <algorithm>

#include "base/check.h"

namespace ringmq::routing {
namespace {

// "/" sorts before every other byte.
int Rank(char byte) { return byte == '/' ? -1 : static_cast<unsigned char>(byte); }

// The smallest key behind all topics below `prefix`: NUL is not in any topic, and ranks next.
std::string BehindSubtree(std::string_view prefix) {
  std::string key(prefix);
  key += '\0';
  return key;
}

bool IsWild(std::string_view level) { return level == "+" || level == "#"; }

std::string_view FirstLevel(std::string_view text) { return text.substr(0, text.find('/')); }

// The levels in front of the first wildcard, without the slash behind them.
std::string_view LiteralPrefix(std::string_view filter) {
  size_t begin = 0;
  while (begin <= filter.size()) {
    const std::string_view level = FirstLevel(filter.substr(begin));
    if (IsWild(level)) return filter.substr(0, begin == 0 ? 0 : begin - 1);
    begin += level.size() + 1;
  }
  return filter;
}

struct Comparison {
  bool matches = false;
  bool jump = false;  // `seek` says where the next candidate can be; empty: nowhere.
  std::string seek;
};

// Compares level by level; on a mismatch says how far a search may jump.
Comparison Compare(std::string_view filter, std::string_view topic) {
  size_t topic_at = 0;
  size_t filter_at = 0;
  while (true) {
    const std::string_view wanted = FirstLevel(filter.substr(filter_at));
    if (wanted == "#") return {.matches = true, .jump = false, .seek = {}};
    const std::string_view level = FirstLevel(topic.substr(topic_at));
    const std::string_view above = topic.substr(0, topic_at == 0 ? 0 : topic_at - 1);
    if (wanted != "+" && wanted != level) {
      std::string there(above);
      if (topic_at > 0) there += '/';
      there += wanted;
      const bool ahead =
          std::lexicographical_compare(topic.begin(), topic.end(), there.begin(), there.end(),
                                       [](char a, char b) { return Rank(a) < Rank(b); });
      if (ahead) return {.matches = false, .jump = true, .seek = std::move(there)};
      if (topic_at == 0) return {.matches = false, .jump = true, .seek = {}};
      return {.matches = false, .jump = true, .seek = BehindSubtree(above)};
    }
    const bool topic_ends = topic_at + level.size() == topic.size();
    const bool filter_ends = filter_at + wanted.size() == filter.size();
    if (topic_ends && filter_ends) return {.matches = true, .jump = false, .seek = {}};
    if (topic_ends) {
      // "a/#" matches "a". 5.0 s4.7.1.2.
      return {
          .matches = filter.substr(filter_at + wanted.size()) == "/#", .jump = false, .seek = {}};
    }
    if (filter_ends) {
      return {.matches = false,
              .jump = true,
              .seek = BehindSubtree(topic.substr(0, topic_at + level.size()))};
    }
    topic_at += level.size() + 1;
    filter_at += wanted.size() + 1;
  }
}

}  // namespace

bool RetainedStore::LevelOrder::operator()(std::string_view a, std::string_view b) const {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return Rank(a[i]) < Rank(b[i]);
  }
  return a.size() < b.size();
}

RetainedStore::PutResult RetainedStore::Put(const codec::MessageRef& message) {
  const auto it = messages_.find(message.topic());
  const bool existed = it != messages_.end();
  if (existed) Erase(it);  // The key is a view of the old message.
  if (message.payload().empty()) return existed ? PutResult::kCleared : PutResult::kNothing;
  bytes_ += message.size_bytes();
  messages_.emplace(message.topic(), message);
  return existed ? PutResult::kReplaced : PutResult::kStored;
}

void RetainedStore::Erase(Map::iterator it) {
  RMQ_CHECK(bytes_ >= it->second.size_bytes());
  bytes_ -= it->second.size_bytes();
  const codec::MessageRef kept = it->second;  // The key lives in it until it is out of the map.
  messages_.erase(it);
}

void RetainedStore::Match(std::string_view filter, Cursor& cursor, uint32_t visits_max,
                          uint32_t matches_max, Instant now,
                          absl::FunctionRef<bool(const codec::MessageRef&)> fn) {
  const std::string_view prefix = LiteralPrefix(filter);
  if (prefix.size() == filter.size()) {
    const auto it = messages_.find(filter);
    if (it != messages_.end() && it->second.expires() > now) (void)fn(it->second);
    cursor.done = true;
    return;
  }
  // [MQTT-4.7.2-1]
  const bool skips_dollar = IsWild(FirstLevel(filter));
  auto it = cursor.position.empty() ? messages_.lower_bound(prefix)
                                    : messages_.upper_bound(cursor.position);
  for (uint32_t visits = 0, matches = 0; it != messages_.end(); ++visits) {
    if (visits == visits_max || matches == matches_max) return;
    const std::string_view topic = it->first;
    cursor.position = std::string(topic);
    if (skips_dollar && topic[0] == '$') {
      it = messages_.lower_bound("%");  // The byte behind "$".
      continue;
    }
    const Comparison comparison = Compare(filter, topic);
    if (comparison.matches) {
      ++matches;
      if (it->second.expires() > now && !fn(it->second)) return;
      ++it;
    } else if (!comparison.jump) {
      ++it;
    } else if (comparison.seek.empty()) {
      break;
    } else {
      it = messages_.lower_bound(comparison.seek);
    }
  }
  cursor.done = true;
}

size_t RetainedStore::RemoveExpired(Instant now, uint32_t visits_max) {
  size_t removed = 0;
  auto it = messages_.upper_bound(expiry_position_);
  for (uint32_t visits = 0; it != messages_.end() && visits < visits_max; ++visits) {
    expiry_position_ = std::string(it->first);
    if (it->second.expires() > now) {
      ++it;
      continue;
    }
    ++removed;
    Erase(it);
    it = messages_.upper_bound(expiry_position_);
  }
  if (it == messages_.end()) expiry_position_.clear();
  return removed;
}

}  // namespace ringmq::routing
