// What a session may know of the connection that its client has at the moment.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "codec/frame_sink.h"
#include "codec/publication.h"
#include "codec/topic_alias.h"
#include "ringmq/protocol.h"

namespace ringmq::session {

struct Link {
  codec::FrameSink* sink = nullptr;
  codec::PublicationScratch* scratch = nullptr;  // The core's; for messages sent from the queue.
  ProtocolVersion version = ProtocolVersion::kV311;
  bool problem_information = true;            // 5.0 s3.1.2.11.7: reason strings allowed everywhere.
  uint16_t receive_maximum = 65535;           // The client's.
  uint32_t maximum_packet_size = 0;           // The client's; zero: none.
  codec::OutboundAliases* aliases = nullptr;  // Null when the client wants none.
  uint16_t topic_skip_bytes = 0;       // Of each topic's front: what its client does not see.
  size_t output_bytes_high = 1 << 20;  // Above this, QoS 1/2 wait in the queue.
  size_t output_bytes_max = 16 << 20;  // Above this, QoS 0 is dropped.
};

}  // namespace ringmq::session
