// Relations between a filter of an access rule and a topic or filter of a client.
//
// Two walks, level by level, without allocation, in time linear in both lengths. A rule's filter
// may contain "%c" and "%u", which stand for the client's id and user name; a level is compared
// as if they had been put in.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ringmq::broker {

// What "%c" and "%u" stand for; empty data leaves them as they are. Requires: no "+", "#", "/".
struct Substitution {
  std::string_view client_id;
  std::string_view username;
};

// Whether `rule` matches every topic that `filter` matches. A topic name is a filter that
// matches itself only, so this is also "does the rule match this topic".
[[nodiscard]] bool FilterCovers(std::string_view rule, const Substitution& substitution,
                                std::string_view filter);

// Whether some topic exists that both match.
[[nodiscard]] bool FiltersOverlap(std::string_view rule, const Substitution& substitution,
                                  std::string_view filter);

// Wildcards stand alone in their level and "#" in the last; 1 to 65,535 bytes; no NUL.
// [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2]
[[nodiscard]] bool IsValidRuleFilter(std::string_view filter);

}  // namespace ringmq::broker
