// A whole session fed any sequence of deliveries, acknowledgements, publishes and reconnects. After
// each step its own audit must hold, and from outside: never more in flight than the window, no
// packet identifier twice, QoS 2 never new twice before its PUBREL.
//
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <set>

#include "base/check.h"
#include "codec/framer.h"
#include "codec/vector_sink.h"
#include "session/session.h"

namespace {

using namespace ringmq;           // NOLINT: short.
using namespace ringmq::session;  // NOLINT: short.

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
  }

  void Step(uint8_t what, uint8_t argument) {
    const auto id = static_cast<codec::PacketId>(1 + argument % 24);
    switch (what % 8) {
      case 0:
        return Deliver(static_cast<Qos>(argument % 3), argument);
      case 1:
        if (connected_) (void)session_.OnPuback(id, ReasonCode::kSuccess, now_, link_);
        return;
      case 2:
        if (connected_) {
          const bool fails = argument & 0x80;
          (void)session_.OnPubrec(id, fails ? ReasonCode::kUnspecifiedError : ReasonCode::kSuccess,
                                  now_, link_);
        }
        return;
      case 3:
        if (connected_) (void)session_.OnPubcomp(id, ReasonCode::kSuccess, now_, link_);
        return;
      case 4:
        return Publish(id, argument & 0x40 ? Qos::kExactlyOnce : Qos::kAtLeastOnce);
      case 5:
        if (connected_) {
          session_.OnPubrel(id, link_);
          known_.erase(id);
        }
        return;
      case 6:
        if (connected_) (void)session_.Drain(now_, link_);
        now_ = now_ + argument * kMillisecond;
        return;
      case 7:
        return Reconnect(argument);
    }
  }

  void Check() {
    session_.Audit();
    RMQ_CHECK(session_.queued_messages() <= limits_.queued_messages_max);
    sink_.Take();
  }

 private:
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
    (void)session_.Resume(now_, link_);
  }

  const SessionLimits limits_;
  Session session_;
  codec::VectorSink sink_;
  codec::PublicationScratch scratch_;
  Link link_;
  Instant now_{};
  bool connected_ = true;
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
