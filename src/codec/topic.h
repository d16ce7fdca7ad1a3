// The grammar of topic names and topic filters (5.0 s4.7, s4.8.2).
//
//   name     = level *( "/" level )               no "+" or "#" anywhere
//   filter   = level *( "/" level ) [ "/#" ] | "#"    where a level may be exactly "+"
//   shared   = "$share/" share-name "/" filter
//
// Whether the text is valid UTF-8 is the decoder's question, not asked here. Lengths are those of
// the wire, so none exceeds kStringBytesMax.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringmq::codec {

// At least one character [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2].
[[nodiscard]] bool IsValidTopicName(std::string_view name);

// At least one character [MQTT-4.7.3-1]; "#" only as the last level [MQTT-4.7.1-1]; "+" only as a
// whole level [MQTT-4.7.1-2]. A shared filter passes as ordinary text: see
// IsValidSubscriptionFilter.
[[nodiscard]] bool IsValidTopicFilter(std::string_view filter);

struct SharedFilter {
  std::string_view share_name;
  std::string_view filter;
};

// True when `filter` claims to be a shared one, valid or not.
[[nodiscard]] constexpr bool IsSharedFilter(std::string_view filter) {
  return filter.starts_with("$share/");
}

// The parts of a shared filter; empty when it is none or breaks the rules: the share name has at
// least one character and no wildcard, the filter behind it is valid. [MQTT-4.8.2-1] [MQTT-4.8.2-2]
// The views point into `filter`.
[[nodiscard]] std::optional<SharedFilter> ParseSharedFilter(std::string_view filter);

// What SUBSCRIBE and UNSUBSCRIBE may carry: a filter or a shared filter.
[[nodiscard]] bool IsValidSubscriptionFilter(std::string_view filter);

// Levels of a name or filter: one more than it has slashes.
[[nodiscard]] uint32_t TopicLevelCount(std::string_view topic);

}  // namespace ringmq::codec
