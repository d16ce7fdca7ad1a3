// Who hears whom when subscribers have filters of their own, by 5.0 s4.7.
//
// Publishers differ by nothing but their number, so a filter hears all of them, or one, or none,
// which needs no look at each. Of a level that changes from message to message (topic_pattern.h) a
// filter may fit some values and not others; then it hears a part of what it hears.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "load/plan.h"
#include "load/topic_pattern.h"

namespace ringmq::load {

// The publishers that a filter hears something of: [first, first + count).
struct Reach {
  uint32_t first = 0;
  uint32_t count = 0;
  bool is_partial = false;  // Not all of their messages, or not of all of them.

  bool operator==(const Reach&) const = default;
};

// Publishers with the numbers below `publishers`, and their topics.
class Topics {
 public:
  Topics(const TopicPattern& pattern, uint32_t publishers);

  // Requires: a valid filter, not a shared one.
  [[nodiscard]] Reach ReachOf(std::string_view filter) const;

 private:
  using Level = std::vector<TopicPattern::Piece>;

  // Whether it may have this text; of publisher `i`.
  [[nodiscard]] static bool CanBe(const Level& level, std::string_view text, uint32_t i);

  std::vector<Level> levels_;
  const uint32_t publishers_;
  bool is_hidden_ = false;  // From filters that begin with a wildcard.
};

// What SUBSCRIBE may carry, for a client of any number.
enum class FilterKind : uint8_t { kInvalid, kPlain, kShared };
[[nodiscard]] FilterKind KindOf(std::string_view filter);

struct Audience {
  uint32_t silent = 0;  // Subscribers that hear nobody.
  std::string partial;  // The first filter that hears a part; empty: none does.
};

// Decides whom each connection of `role` hears of those that publish to `topics`, by its
// filters, and what that means for `plan`: groups and deliveries. Requires: valid filters; nobody
// else hears anybody.
[[nodiscard]] Audience SetAudience(const Topics& topics, Role& role, Plan& plan);

}  // namespace ringmq::load
