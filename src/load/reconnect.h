// What a worker remembers of connections that have ended and are to be made again.
//
// Each tries after a while that is drawn from [0, limit), where the limit doubles from try to try:
// so those who lost their broker together do not come back together.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/random.h"

namespace ringmq::load {

inline constexpr int64_t kBackoffNsFirst = 100'000'000;
inline constexpr int64_t kBackoffNsMax = 5'000'000'000;
// A try that has no answer by then is given up; the next one follows.
inline constexpr int64_t kAttemptNsMax = 10'000'000'000;

// How long to wait before a try, when so many have failed.
[[nodiscard]] inline int64_t BackoffNs(uint32_t failed, base::Random& random) {
  constexpr uint32_t kDoublingsMax = 16;
  const int64_t limit_ns =
      std::min(kBackoffNsMax, kBackoffNsFirst << std::min(failed, kDoublingsMax));
  return static_cast<int64_t>(random.Below(static_cast<uint64_t>(limit_ns)));
}

struct Reconnecting {
  struct Away {
    uint32_t failed = 0;  // Tries.
    int64_t at_ns = 0;    // Its place in the agenda.
    bool is_trying = false;
    std::string why;  // It ended, or the last try did.
  };
  absl::flat_hash_map<size_t, Away> away;  // By place of the peer.
  // When who has to try, or to give a try up.
  std::set<std::pair<int64_t, size_t>> agenda;
  uint64_t trying = 0;
  // Of sessions that are kept, by place: messages of QoS 2 that came and have no PUBREL yet.
  absl::flat_hash_map<size_t, absl::flat_hash_set<uint16_t>> received;

  void Plan(size_t place, Away& who, int64_t at_ns) {
    agenda.erase({who.at_ns, place});
    who.at_ns = at_ns;
    agenda.insert({at_ns, place});
  }
  void Forget(size_t place) {
    const auto found = away.find(place);
    if (found == away.end()) return;
    agenda.erase({found->second.at_ns, place});
    if (found->second.is_trying) --trying;
    away.erase(found);
  }
};

}  // namespace ringmq::load
