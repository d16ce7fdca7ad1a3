// The client's inbound QoS 1 and QoS 2: what was delivered to the user and is not acknowledged, and
// which QoS 2 identifiers the server has not released.
//
//   QoS 1:  PUBLISH --delivered, ticket--> acknowledged by the user --PUBACK, in order-->
//   QoS 2:  PUBLISH --delivered, ticket--> acknowledged --PUBREC, in order--> known
//   --PUBREL/PUBCOMP-->
//
// Acknowledgements leave in the order in which the messages came, whatever the order in which the
// user gives them [MQTT-4.6.0-2] [MQTT-4.6.0-3]. A ticket names the connection's generation, so one
// of an earlier connection does nothing. Identifiers past PUBREC are kept over reconnects.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ring_queue.h"
#include "client/packet_ids.h"
#include "client/record_keeper.h"
#include "client/wire.h"
#include "ringmq/options.h"

namespace ringmq::client {

class Receiver {
 public:
  enum class Arrival : uint8_t {
    kDeliver,    // To the user; ticket() names it.
    kDuplicate,  // QoS 2 and known: answered.
    kExceeded,   // More than our Receive Maximum. 5.0 s3.2.2.3.3
    kIdInUse,    // An identifier that is not acknowledged yet comes again on one connection.
  };

  Receiver(uint16_t receive_maximum, Acks acks, RecordKeeper& records)
      : receive_maximum_(receive_maximum), acks_(acks), records_(records) {}

  void Restore(codec::PacketId id);

  void OnConnected(Wire& wire, bool session_present);
  // With automatic acknowledgements the user has had what was delivered, so at QoS 2 it must not
  // come again. By hand, what was not acknowledged was not done, and comes again.
  void OnDisconnected();

  // Requires: qos is 1 or 2, connected.
  Arrival OnPublish(codec::PacketId id, Qos qos);
  // Of the message that OnPublish() said kDeliver for. Never zero.
  [[nodiscard]] uint64_t ticket() const { return last_ticket_; }
  void OnPubrel(codec::PacketId id);

  // The user's acknowledgement. Stale and doubled ones are ignored.
  void Acknowledge(uint64_t ticket, ReasonCode reason);
  // It will never be acknowledged on this connection: those behind it need not wait for it.
  void Abandon(uint64_t ticket);

  // Delivered and not acknowledged on the wire, or not released: what the window counts.
  [[nodiscard]] uint32_t outstanding() const {
    return static_cast<uint32_t>(at_least_once_.size() + exactly_once_.size() + known_.size());
  }
  void Audit() const;

 private:
  struct Entry {
    codec::PacketId id = 0;
    ReasonCode reason = ReasonCode::kSuccess;
    enum class State : uint8_t { kWaiting, kGiven, kAbandoned } state = State::kWaiting;
  };
  // Entries in the order of arrival; the front one's ticket number is `first`.
  struct Line {
    base::RingQueue<Entry> entries;
    uint64_t first = 0;
    [[nodiscard]] size_t size() const { return entries.size(); }
  };

  [[nodiscard]] uint64_t MakeTicket(Qos qos, uint64_t number) const;
  [[nodiscard]] Entry* Find(uint64_t ticket);
  void Release();
  void Answer(Qos qos, const Entry& entry);
  void Remember(codec::PacketId id);

  const uint16_t receive_maximum_;
  const Acks acks_;
  RecordKeeper& records_;
  Wire* wire_ = nullptr;
  Line at_least_once_;
  Line exactly_once_;
  std::vector<codec::PacketId> known_;  // Past PUBREC; sorted.
  PacketIds waiting_;                   // Those in the lines.
  uint64_t generation_ = 0;             // Of the connection.
  uint64_t last_ticket_ = 0;
};

}  // namespace ringmq::client
