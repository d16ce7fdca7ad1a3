// What one run does, decided before anything connects: every connection with its role, how fast,
// how long. Constant while it runs; all threads read it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "measure/schedule.h"
#include "measure/stamp.h"
#include "reactor/features.h"
#include "ringmq/protocol.h"

namespace ringmq::load {

// One connection.
struct Role {
  std::string client_id;
  std::string topic;   // Publishes to it; empty: does not publish.
  std::string filter;  // Subscribes to it; empty: does not subscribe.
  // Of those that publish, counted over the whole run: what its stamps carry.
  uint32_t publisher = 0;
  // Which publishers it is to hear: [first, first + count). The others' messages are misrouted.
  uint32_t hears_first = 0;
  uint32_t hears_count = 0;
  // A member of a shared group sees gaps, which are no loss.
  bool is_shared = false;
};

struct Plan {
  std::vector<Role> roles;
  uint32_t publishers = 0;  // Of the roles.
  sockaddr_storage target{};
  socklen_t target_size_bytes = 0;
  // Connections of one client address and one target are limited by ports: the n-th connection
  // comes from 127.0.0.(2 + n mod this). Zero: the kernel chooses.
  uint32_t source_addresses = 0;

  ProtocolVersion version = ProtocolVersion::kV5;
  std::string username;
  std::string password;
  uint16_t keep_alive_s = 60;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  size_t payload_bytes = 64;
  measure::StampForm stamp = measure::StampForm::kFull;
  uint32_t run = 1;

  // Zero: a closed loop, in which each publisher sends as soon as its window allows.
  double rate_per_s = 0;
  measure::Arrival arrival = measure::Arrival::kConstant;
  uint32_t burst = 1;
  uint64_t seed = 1;
  // Unacknowledged messages of one publisher; at QoS 0 in a closed loop: those of the whole run
  // that are on their way (needs subscribers that count them).
  uint32_t in_flight = 20;
  // Deliveries that one message leads to: each publisher has the same audience.
  uint32_t deliveries_each = 1;
  double connects_per_s = 5000;

  uint32_t threads = 1;
  reactor::IoBackend io = reactor::IoBackend::kAuto;
};

}  // namespace ringmq::load
