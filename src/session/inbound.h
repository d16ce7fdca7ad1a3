// The receiver's half of QoS 1 and QoS 2: which packet identifiers the client has in use.
//
//   (unknown) --PUBLISH--> known, PUBREC sent --PUBREL--> (unknown), PUBCOMP sent
//
// A QoS 2 message is routed when its identifier is first seen (the standard's method B), and never
// again until PUBREL has freed the identifier.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "session/session.h"

namespace ringmq::session {

class Inbound {
 public:
  [[nodiscard]] Arrival OnPublish(codec::PacketId id, Qos qos, uint16_t receive_maximum,
                                  Link& link);
  void Accept(codec::PacketId id, Qos qos, ReasonCode reason, Link& link);
  void OnPubrel(codec::PacketId id, Link& link);
  void OnDisconnected() { unaccepted_ = 0; }

  [[nodiscard]] bool idle() const { return known_.empty() && unaccepted_ == 0; }
  void Audit() const;

 private:
  std::vector<codec::PacketId> known_;  // QoS 2 without PUBREL; sorted.
  uint32_t unaccepted_ = 0;             // QoS 1 between OnPublish() and Accept().
};

}  // namespace ringmq::session
