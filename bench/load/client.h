// One connection of the load: non-blocking, with what it still has to send and has half received.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringmq::load {

struct Client {
  int fd = -1;
  bool wants_write = false;
  std::string out;  // Written from `sent` on.
  size_t sent = 0;
  std::vector<uint8_t> in;  // A packet that is not complete yet.
  // Publisher.
  std::string batch;  // One publish template.
  size_t id_offset = 0;
  size_t payload_offset = 0;
  int qos = 0;
  uint16_t next_id = 1;
  uint64_t published = 0;
  uint64_t acked = 0;  // PUBACK or PUBCOMP.
  // Subscriber.
  uint64_t received = 0;
  int peer = -1;  // Of a pair: the client that may send once more.
};

}  // namespace ringmq::load
