// Topics and filters from a small alphabet, so that they collide and match often.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/random.h"

namespace ringmq::routing {

inline std::string RandomLevel(base::Random& random) {
  static constexpr const char* kLevels[] = {"", "a", "b", "ab", "$s", "!", "0"};
  return kLevels[random.Below(7)];
}

inline std::string RandomTopic(base::Random& random) {
  std::string topic;
  do {
    topic = RandomLevel(random);
    for (uint64_t i = random.Below(4); i > 0; --i) topic += "/" + RandomLevel(random);
  } while (topic.empty());
  return topic;
}

inline std::string RandomFilter(base::Random& random) {
  std::string filter;
  do {
    const uint64_t levels = 1 + random.Below(4);
    filter.clear();
    for (uint64_t i = 0; i < levels; ++i) {
      if (i > 0) filter += '/';
      if (i + 1 == levels && random.Chance(1, 4)) {
        filter += '#';
      } else if (random.Chance(1, 3)) {
        filter += '+';
      } else {
        filter += RandomLevel(random);
      }
    }
  } while (filter.empty());
  return filter;
}

}  // namespace ringmq::routing
