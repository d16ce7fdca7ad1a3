// What the broker keeps for one client, retained messages or the queue of its session, and what of
// it came so far.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "measure/flow.h"

namespace ringmq::load {

struct Kept {
  int64_t asked_ns = 0;  // When it subscribed, or when its return was due.
  int64_t first_ns = 0;  // When the first message came; zero: none did.
  int64_t last_ns = 0;
  uint64_t arrived = 0;                                      // Different ones.
  bool is_clearing = false;                                  // It has returned to end its session,
  bool is_forgotten = false;                                 // and the session has ended.
  std::vector<bool> seen;                                    // Retained messages, by number.
  absl::flat_hash_map<uint32_t, measure::FlowWindow> flows;  // Of a session's, by publisher.
};

}  // namespace ringmq::load
