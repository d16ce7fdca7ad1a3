// The standard's rules of matching, written as slowly and plainly as they are stated: what every
// clever matcher is compared with.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ringmq::routing {

inline std::vector<std::string> Levels(std::string_view text) {
  std::vector<std::string> levels(1);
  for (const char byte : text) {
    if (byte == '/') {
      levels.emplace_back();
    } else {
      levels.back() += byte;
    }
  }
  return levels;
}

inline bool NaiveMatches(std::string_view filter, std::string_view topic) {
  const std::vector<std::string> wanted = Levels(filter);
  const std::vector<std::string> given = Levels(topic);
  if (topic[0] == '$' && (wanted[0] == "+" || wanted[0] == "#")) return false;  // [MQTT-4.7.2-1]
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") return true;  // The parent level included.
    if (i >= given.size()) return false;
    if (wanted[i] != "+" && wanted[i] != given[i]) return false;
    if (i + 2 == wanted.size() && wanted[i + 1] == "#" && i + 1 == given.size()) return true;
  }
  return wanted.size() == given.size();
}

}  // namespace ringmq::routing
