// What a worker makes of the packets that come.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "codec/limits.h"
#include "load/packet_bytes.h"
#include "load/worker.h"
#include "ringmq/expected.h"

namespace ringmq::load {
namespace {

const char* NameOf(PacketType packet) {
  switch (packet) {
    case PacketType::kPuback:
      return "PUBACK";
    case PacketType::kPubrec:
      return "PUBREC";
    case PacketType::kPubrel:
      return "PUBREL";
    case PacketType::kPubcomp:
    // check:allow(default): only acknowledgements come here.
    default:
      return "PUBCOMP";
  }
}

uint16_t IdAt(std::span<const uint8_t> body) {
  return static_cast<uint16_t>(body[0] << 8 | body[1]);
}

}  // namespace

// Returns the bytes of whole packets.
size_t Worker::ReadPackets(Peer& peer, std::span<const uint8_t> bytes, int64_t now_ns) {
  size_t used = 0;
  while (peer.state != PeerState::kEnded) {
    const codec::FrameParse parse =
        codec::ParseFrame(bytes.subspan(used), codec::kPacketSizeBytesMax, plan_.version);
    if (parse.status == codec::FrameStatus::kNeedMore) break;
    if (parse.status != codec::FrameStatus::kFrame) {
      Fail(peer, "the broker sent what is no MQTT packet");
      break;
    }
    OnPacket(peer, bytes[used],
             bytes.subspan(used + parse.head.header_size_bytes, parse.head.remaining_size_bytes),
             now_ns);
    used += parse.head.size_bytes();
  }
  return std::min(used, bytes.size());
}

void Worker::OnPacket(Peer& peer, uint8_t first, std::span<const uint8_t> body, int64_t now_ns) {
  const auto type = static_cast<PacketType>(first >> 4);
  if (type == PacketType::kPublish) {
    OnPublish(peer, first, body, now_ns);
  } else if (type == PacketType::kConnack && peer.state == PeerState::kGreeting) {
    OnConnack(peer, body, now_ns);
  } else if (type == PacketType::kSuback && peer.state == PeerState::kSubscribing) {
    OnSuback(peer, body, now_ns);
  } else if (type == PacketType::kPuback || type == PacketType::kPubrec ||
             type == PacketType::kPubrel || type == PacketType::kPubcomp) {
    OnAck(peer, first >> 4, body, now_ns);
  } else if (type == PacketType::kDisconnect) {
    const auto packet = codec::DecodeDisconnect(body, plan_.version, kLimits);
    Fail(peer, packet.ok() ? Refusal("DISCONNECT", packet->reason) : "DISCONNECT: malformed");
  } else if (type != PacketType::kPingresp) {
    Fail(peer, absl::StrCat("an unexpected packet of type ", first >> 4));
  }
}

// Looked at in place: the hot path of every subscriber.
void Worker::OnPublish(Peer& peer, uint8_t first, std::span<const uint8_t> body, int64_t now_ns) {
  const auto publish = codec::DecodePublish(first & 0x0f, body, plan_.version, kLimits);
  if (!publish.ok()) {
    Fail(peer, "a malformed PUBLISH");
    return;
  }
  if (peer.output.empty() && publish->qos != Qos::kAtMostOnce) dirty_.push_back(IndexOf(peer));
  if (publish->qos == Qos::kAtLeastOnce) AppendAck(0x40, publish->packet_id, peer.output);
  if (publish->qos == Qos::kExactlyOnce) AppendAck(0x50, publish->packet_id, peer.output);
  if (peer.answering != nullptr) {
    Answer(peer, *publish);
  } else {
    Check(peer, *publish, now_ns);
  }
}

void Worker::Check(Peer& peer, const codec::Publish& publish, int64_t now_ns) {
  progress_.received.fetch_add(1, std::memory_order_relaxed);
  measure::Stamp stamp;
  const measure::StampStatus status = measure::ReadStamp(publish.payload, stamp);
  if (status == measure::StampStatus::kCorrupt) {
    ++findings_.integrity.corrupt;
    return;
  }
  if (status == measure::StampStatus::kForeign ||
      stamp.run != measure::RunAs(plan_.stamp, plan_.run) || stamp.publisher >= plan_.publishers) {
    ++findings_.integrity.foreign;
    return;
  }
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) {
    shared_.on_their_way.fetch_sub(1, std::memory_order_relaxed);
  }
  if (peer.hearing == nullptr || !peer.role->Hears(peer.number, stamp.publisher)) {
    ++findings_.integrity.misrouted;
    return;
  }
  if (publish.qos != plan_.qos) ++findings_.integrity.wrong_qos;
  Observe(peer, stamp);
  if (plan_.asks) OnAnswer(peer, publish, stamp);
  const int64_t sent_ns = shared_.sent_times[stamp.publisher]->Get(stamp.sequence);
  const int64_t response_ns = now_ns - stamp.due_ns;
  // The kernel may deliver before it tells us that it has taken the last byte.
  const int64_t service_ns = std::max<int64_t>(now_ns - sent_ns, 0);
  const bool sent_known = sent_ns >= stamp.due_ns;
  const bool open_loop = plan_.rate_per_s > 0;
  ++second_.received;
  if (measures(now_ns)) ++findings_.received_meanwhile;
  if (open_loop || sent_known) second_.response.Record(open_loop ? response_ns : service_ns);
  if (!measures(stamp.due_ns)) return;
  ++findings_.received;
  if (open_loop) findings_.response.Record(response_ns);
  if (sent_known) findings_.service.Record(service_ns);
}

void Worker::Observe(Peer& peer, const measure::Stamp& stamp) {
  measure::FlowWindow& flow = peer.hearing->flows[stamp.publisher];
  const uint64_t next = flow.next();
  const measure::FlowVerdict verdict = flow.Observe(stamp.sequence);
  if (!peer.role->is_shared) CountMissing(verdict, next, stamp.sequence);
  const bool is_fault = verdict != measure::FlowVerdict::kReordered || !peer.role->is_unordered;
  findings_.integrity.Add(is_fault ? verdict : measure::FlowVerdict::kInOrder);
}

// `next` was the number that would have been in step.
void Worker::CountMissing(measure::FlowVerdict verdict, uint64_t next, uint64_t sequence) {
  if (verdict == measure::FlowVerdict::kInOrder) {
    findings_.missing += sequence - next;
  } else if (verdict == measure::FlowVerdict::kReordered) {
    --findings_.missing;
  }
}

void Worker::OnAck(Peer& peer, uint8_t type, std::span<const uint8_t> body, int64_t now_ns) {
  if (body.size() < 2) {
    Fail(peer, "a malformed acknowledgement");
    return;
  }
  const uint16_t id = IdAt(body);
  const auto packet = static_cast<PacketType>(type);
  const auto reason = static_cast<ReasonCode>(body.size() > 2 ? body[2] : 0);
  if (IsFailure(reason)) Complain(Refusal(NameOf(packet), reason));
  if (packet == PacketType::kPubrel || (packet == PacketType::kPubrec && !IsFailure(reason))) {
    if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
    AppendAck(packet == PacketType::kPubrec ? 0x62 : 0x70, id, peer.output);
    return;
  }
  if (peer.answering != nullptr) {
    OnAnswerAck(peer, id);
    return;
  }
  if (peer.publishing == nullptr || id == 0 || id > peer.publishing->unacked.size() ||
      !peer.publishing->unacked[id - 1].used) {
    Fail(peer, absl::StrCat("an acknowledgement of ", id, ", which is not in flight"));
    return;
  }
  Publishing::Unacked& unacked = peer.publishing->unacked[id - 1];
  unacked.used = false;
  --peer.publishing->unacked_count;
  progress_.acked.fetch_add(1, std::memory_order_relaxed);
  ++second_.acked;
  if (measures(now_ns)) ++findings_.acked_meanwhile;
  if (!unacked.measured) return;
  ++findings_.acked;
  findings_.ack.Record(now_ns - unacked.due_ns);
}

}  // namespace ringmq::load
