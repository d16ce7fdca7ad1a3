// Conversations with one session in virtual time: what is done to it on the left, what it puts on
// the wire as short words on the right.
//
//   Script client;
//   client.Deliver("a", "1", Qos::kAtLeastOnce);
//   EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=1 q1"});
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/decode.h"
#include "codec/framer.h"
#include "codec/vector_sink.h"
#include "session/session.h"

namespace ringmq::session {

using Words = std::vector<std::string>;

class Script {
 public:
  explicit Script(const SessionLimits& limits = {}, ProtocolVersion version = ProtocolVersion::kV5)
      : limits_(limits), session_(limits_) {
    link_.version = version;
    link_.sink = &sink_;
    link_.scratch = &scratch_;
  }

  Delivered Deliver(std::string_view topic, std::string_view payload, Qos qos,
                    DeliveryOptions options = {}, Instant expires = Instant::Max()) {
    codec::Publication publication(
        {.topic = topic,
         .payload = {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()},
         .forwardable = {},
         .filter_hop_properties = false,
         .qos = qos,
         .retain = false,
         .expires = expires,
         .publisher = 0},
        now, own_scratch_);
    options.qos = qos;
    const Delivered outcome =
        session_.Deliver(publication, options, now, connected_ ? &link_ : nullptr);
    session_.Audit();
    return outcome;
  }

  Verdict Puback(codec::PacketId id, ReasonCode reason = ReasonCode::kSuccess) {
    return Audited(session_.OnPuback(id, reason, now, link_));
  }
  Verdict Pubrec(codec::PacketId id, ReasonCode reason = ReasonCode::kSuccess) {
    return Audited(session_.OnPubrec(id, reason, now, link_));
  }
  Verdict Pubcomp(codec::PacketId id, ReasonCode reason = ReasonCode::kSuccess) {
    return Audited(session_.OnPubcomp(id, reason, now, link_));
  }
  Drained Drain() { return Audited(session_.Drain(now, link_)); }
  void Disconnect() {
    connected_ = false;
    session_.OnDisconnected();
    session_.Audit();
  }
  Drained Resume() {
    connected_ = true;
    return Audited(session_.Resume(now, link_));
  }

  // Everything written since the last call.
  Words Wire() {
    Words words;
    const std::vector<uint8_t> written = sink_.Take();
    codec::Bytes rest = written;
    while (!rest.empty()) {
      const codec::FrameParse frame = codec::ParseFrame(rest, 1 << 28, link_.version);
      if (frame.status != codec::FrameStatus::kFrame) {
        ADD_FAILURE() << "not a frame";
        break;
      }
      words.push_back(Describe(
          frame.head, rest.subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes)));
      rest = rest.subspan(frame.head.size_bytes());
    }
    return words;
  }

  Session& session() { return session_; }
  Link& link() { return link_; }
  Instant now{1'000 * kSecond.ns};

 private:
  template <typename T>
  T Audited(T result) {
    session_.Audit();
    return result;
  }

  std::string Describe(const codec::FrameHead& head, codec::Bytes body) {
    codec::DecodeLimits limits;
    limits.sender = codec::Peer::kServer;
    if (head.type == PacketType::kPublish) {
      const auto publish = codec::DecodePublish(head.flags, body, link_.version, limits);
      if (!publish.ok()) return "BAD PUBLISH";
      std::string words = "PUBLISH " + std::to_string(publish->packet_id) + " " +
                          std::string(publish->topic) + "=" +
                          std::string(publish->payload.begin(), publish->payload.end()) + " q" +
                          std::to_string(static_cast<int>(publish->qos));
      if (publish->dup) words += " dup";
      if (publish->retain) words += " retain";
      if (publish->topic_alias != 0) words += " alias" + std::to_string(publish->topic_alias);
      if (publish->message_expiry_s)
        words += " expiry" + std::to_string(*publish->message_expiry_s);
      return words;
    }
    const auto ack = codec::DecodeAck(head.type, body, link_.version, limits);
    if (!ack.ok()) return "BAD ACK";
    static constexpr const char* kNames[] = {"PUBACK", "PUBREC", "PUBREL", "PUBCOMP"};
    std::string words = kNames[static_cast<int>(head.type) - static_cast<int>(PacketType::kPuback)];
    words += " " + std::to_string(ack->packet_id);
    if (ack->reason != ReasonCode::kSuccess) {
      words += " reason " + std::to_string(static_cast<int>(ack->reason));
    }
    return words;
  }

  const SessionLimits limits_;
  Session session_;
  codec::VectorSink sink_;
  codec::PublicationScratch scratch_;
  codec::PublicationScratch own_scratch_;
  Link link_;
  bool connected_ = true;
};

}  // namespace ringmq::session
