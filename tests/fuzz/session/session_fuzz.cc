// A whole session fed any sequence of deliveries, acknowledgements, publishes and reconnects. After
// each step its own audit must hold, and so must what a client sees on the wire: never more
// unanswered PUBLISHes on a connection than the window, no packet identifier that is in use for
// something else, no PUBLISH again after PUBREC, PUBREL only for what PUBREC has answered; and in
// the other direction QoS 2 is never new twice before its PUBREL.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include "base/check.h"
#include "codec/decode.h"
#include "codec/framer.h"
#include "codec/vector_sink.h"
#include "session/session.h"

namespace {

using namespace ringmq;           // NOLINT: short.
using namespace ringmq::session;  // NOLINT: short.

// What a client knows of the packets that it got: an account of the flows kept without the
// session's help.
class Witness {
 public:
  void OnConnected(uint32_t window) {
    window_ = window;
    open_.clear();
  }

  void Read(codec::Bytes wire, ProtocolVersion version) {
    codec::DecodeLimits limits;
    limits.sender = codec::Peer::kServer;
    while (!wire.empty()) {
      const codec::FrameParse frame = codec::ParseFrame(wire, 1 << 20, version);
      RMQ_CHECK(frame.status == codec::FrameStatus::kFrame);
      const codec::Bytes body =
          wire.subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes);
      wire = wire.subspan(frame.head.size_bytes());
      if (frame.head.type == PacketType::kPublish) {
        const auto publish = codec::DecodePublish(frame.head.flags, body, version, limits);
        RMQ_CHECK(publish.ok());
        OnPublish(*publish);
      } else if (frame.head.type == PacketType::kPubrel) {
        const auto ack = codec::DecodeAck(frame.head.type, body, version, limits);
        RMQ_CHECK(ack.ok());
        // Of an identifier that it has forgotten the session may only say so.
        const auto flow = flows_.find(ack->packet_id);
        RMQ_CHECK(flow == flows_.end() || flow->second.released ||
                  abandoned_.contains(ack->packet_id));
      }
    }
    RMQ_CHECK(open_.size() <= window_);  // [MQTT-3.3.4-9]
  }

  // Before the session hears of it.
  void OnAck(PacketType type, codec::PacketId id, bool fails) {
    const auto flow = flows_.find(id);
    if (flow == flows_.end()) return;
    if (type == PacketType::kPubrec && flow->second.qos == Qos::kExactlyOnce && !fails) {
      flow->second.released = true;
      return;
    }
    const bool ends = type == PacketType::kPuback    ? flow->second.qos == Qos::kAtLeastOnce
                      : type == PacketType::kPubcomp ? flow->second.released
                      : type == PacketType::kPubrec
                          ? flow->second.qos == Qos::kExactlyOnce && !flow->second.released
                          : false;
    if (!ends) return;
    flows_.erase(flow);
    open_.erase(id);
    abandoned_.erase(id);
  }

  // The session may end what no longer fits the client: it says how many, not which.
  void OnTooLarge() {
    for (const auto& [id, flow] : flows_) {
      if (!flow.released && !open_.contains(id)) abandoned_.insert(id);
    }
  }

  // An identifier that waits for an answer, to steer the input to where something happens.
  [[nodiscard]] codec::PacketId Pick(uint8_t argument) const {
    if (flows_.empty() || argument % 8 == 7) return static_cast<codec::PacketId>(1 + argument % 24);
    return std::next(flows_.begin(), argument % static_cast<long>(flows_.size()))->first;
  }

 private:
  struct Flow {
    Qos qos = Qos::kAtLeastOnce;
    uint8_t payload = 0;
    bool released = false;  // PUBREC was sent.
  };

  void OnPublish(const codec::Publish& publish) {
    if (publish.qos == Qos::kAtMostOnce) {
      RMQ_CHECK(!publish.dup);  // [MQTT-3.3.1-2]
      return;
    }
    RMQ_CHECK(publish.packet_id != 0);  // [MQTT-2.2.1-3]
    RMQ_CHECK(publish.payload.size() == 1);
    const auto flow = flows_.find(publish.packet_id);
    if (publish.dup) {
      // Only what was sent before, unaltered, and never after PUBREC. [MQTT-4.3.3-6]
      RMQ_CHECK(flow != flows_.end());
      RMQ_CHECK(flow->second.qos == publish.qos);
      RMQ_CHECK(flow->second.payload == publish.payload[0]);
      RMQ_CHECK(!flow->second.released);
    } else {
      // What a connection with a small Maximum Packet Size ended needs no answer any more.
      RMQ_CHECK(flow == flows_.end() || abandoned_.contains(publish.packet_id));  // [MQTT-2.2.1-4]
      flows_[publish.packet_id] = {publish.qos, publish.payload[0]};
    }
    abandoned_.erase(publish.packet_id);
    RMQ_CHECK(open_.insert(publish.packet_id).second);  // Once a connection. [MQTT-4.4.0-1]
  }

  uint32_t window_ = 0;
  std::map<codec::PacketId, Flow> flows_;  // Between PUBLISH and its last answer.
  std::set<codec::PacketId> open_;         // Sent on this connection, of flows_.
  std::set<codec::PacketId> abandoned_;    // Of flows_.
};

class Harness {
 public:
  Harness(uint8_t window, uint8_t policy)
      : limits_{.queued_messages_max = 8,
                .queued_bytes_max = 4096,
                .overflow = static_cast<OverflowPolicy>(policy % 3),
                .in_flight_max = static_cast<uint16_t>(1 + window % 16),
                .receive_maximum = 4},
        session_(limits_) {
    link_.version = window & 0x80 ? ProtocolVersion::kV311 : ProtocolVersion::kV5;
    link_.sink = &sink_;
    link_.scratch = &scratch_;
    witness_.OnConnected(limits_.in_flight_max);
  }

  void Step(uint8_t what, uint8_t argument) {
    const auto id = static_cast<codec::PacketId>(1 + argument % 24);
    switch (what % 8) {
      case 0:
        return Deliver(static_cast<Qos>(argument % 3), argument);
      case 1:
        return Acknowledge(PacketType::kPuback, argument);
      case 2:
        return Acknowledge(PacketType::kPubrec, argument);
      case 3:
        return Acknowledge(PacketType::kPubcomp, argument);
      case 4:
        return Publish(id, argument & 0x40 ? Qos::kExactlyOnce : Qos::kAtLeastOnce);
      case 5:
        if (connected_) {
          session_.OnPubrel(id, link_);
          known_.erase(id);
        }
        return;
      case 6:
        if (connected_) Note(session_.Drain(now_, link_));
        now_ = now_ + argument * kMillisecond;
        return;
      case 7:
        return Reconnect(argument);
    }
  }

  void Check() {
    session_.Audit();
    RMQ_CHECK(session_.queued_messages() <= limits_.queued_messages_max);
    const std::vector<uint8_t> wire = sink_.Take();
    RMQ_CHECK(connected_ || wire.empty());
    witness_.Read(wire, link_.version);
  }

 private:
  void Acknowledge(PacketType type, uint8_t argument) {
    if (!connected_) return;
    const codec::PacketId id = witness_.Pick(argument);
    const bool fails = type == PacketType::kPubrec && (argument & 0x80) != 0;
    const ReasonCode reason = fails ? ReasonCode::kUnspecifiedError : ReasonCode::kSuccess;
    witness_.OnAck(type, id, fails);
    if (type == PacketType::kPuback) (void)session_.OnPuback(id, reason, now_, link_);
    if (type == PacketType::kPubrec) (void)session_.OnPubrec(id, reason, now_, link_);
    if (type == PacketType::kPubcomp) (void)session_.OnPubcomp(id, reason, now_, link_);
  }

  void Note(const Drained& drained) {
    if (drained.too_large > 0) witness_.OnTooLarge();
  }

  void Deliver(Qos qos, uint8_t argument) {
    codec::PublicationScratch scratch;
    const uint8_t payload[] = {argument};
    codec::MessageContent content;
    content.topic = "t";
    content.payload = payload;
    content.qos = qos;
    content.expires = argument & 0x80 ? now_ + 5 * kMillisecond : Instant::Max();
    codec::Publication publication(content, now_, scratch);
    DeliveryOptions options;
    options.qos = qos;
    const uint32_t before = session_.in_flight();
    const Delivered outcome =
        session_.Deliver(publication, options, now_, connected_ ? &link_ : nullptr);
    if (outcome == Delivered::kSent && qos != Qos::kAtMostOnce) {
      RMQ_CHECK(session_.in_flight() == before + 1);
      RMQ_CHECK(connected_);
    }
  }

  void Publish(codec::PacketId id, Qos qos) {
    if (!connected_) return;
    const Arrival arrival = session_.OnPublish(id, qos, link_);
    if (qos == Qos::kExactlyOnce) {
      RMQ_CHECK((arrival == Arrival::kDuplicate) == known_.contains(id));
      if (arrival == Arrival::kNew) known_.insert(id);
    }
    if (arrival == Arrival::kNew) session_.Accept(id, qos, ReasonCode::kSuccess, link_);
  }

  void Reconnect(uint8_t argument) {
    if (connected_) {
      session_.OnDisconnected();
      connected_ = false;
      return;
    }
    link_.receive_maximum = static_cast<uint16_t>(1 + argument % 5);
    link_.maximum_packet_size = argument & 0x80 ? 6 : 0;
    connected_ = true;
    witness_.OnConnected(std::min(link_.receive_maximum, limits_.in_flight_max));
    Note(session_.Resume(now_, link_));
  }

  const SessionLimits limits_;
  Session session_;
  codec::VectorSink sink_;
  codec::PublicationScratch scratch_;
  Link link_;
  Instant now_{};
  bool connected_ = true;
  Witness witness_;
  std::set<codec::PacketId> known_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  if (size_bytes < 2) return 0;
  Harness harness(data[0], data[1]);
  for (size_t i = 2; i + 1 < size_bytes; i += 2) {
    harness.Step(data[i], data[i + 1]);
    harness.Check();
  }
  return 0;
}
