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
#include "codec/topic.h"
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
    if (!packet.ok()) {
      Fail(peer, "DISCONNECT: malformed");
    } else {
      End(peer, RefusalOf(peer, "DISCONNECT", packet->reason));
    }
  } else if (type != PacketType::kPingresp) {
    Fail(peer, absl::StrCat("an unexpected packet of type ", first >> 4));
  }
}

// Looked at in place: the hot path of every subscriber.
void Worker::OnPublish(Peer& peer, uint8_t first, std::span<const uint8_t> body, int64_t now_ns) {
  codec::Publish publish;
  if (!ReadAsBefore(peer, first, body, publish)) {
    const auto decoded = codec::DecodePublish(first & 0x0f, body, plan_.version, kLimits);
    if (!decoded.ok()) {
      Fail(peer, "a malformed PUBLISH");
      return;
    }
    publish = *decoded;
    if (peer.hearing != nullptr) {
      peer.hearing->last_topic.assign(
          body.begin(), body.begin() + static_cast<ptrdiff_t>(2 + publish.topic.size()));
      peer.hearing->last_topic_of = Hearing::kNobody;
    }
  }
  if (peer.output.empty() && publish.qos != Qos::kAtMostOnce) dirty_.push_back(IndexOf(peer));
  if (publish.qos == Qos::kAtLeastOnce) AppendAck(0x40, publish.packet_id, peer.output);
  if (publish.qos == Qos::kExactlyOnce) AppendAck(0x50, publish.packet_id, peer.output);
  if (CameBefore(peer, publish)) return;
  if (peer.answering != nullptr) {
    Answer(peer, publish);
  } else {
    Check(peer, publish, now_ns);
  }
}

// Reads what has the topic of the one before and no properties, without looking at the topic again.
bool Worker::ReadAsBefore(const Peer& peer, uint8_t first, std::span<const uint8_t> body,
                          codec::Publish& publish) const {
  if (peer.hearing == nullptr) return false;
  const std::vector<uint8_t>& topic = peer.hearing->last_topic;
  const uint8_t qos = first >> 1 & 0x03;
  const bool has_properties = plan_.version == ProtocolVersion::kV5;
  const size_t id_bytes = qos > 0 ? sizeof(uint16_t) : 0;
  const size_t head_bytes = topic.size() + id_bytes + (has_properties ? 1 : 0);
  const bool is_repeated = (first & 0x08) != 0;  // An exception, left to the decoder.
  if (topic.size() <= sizeof(uint16_t) || qos == 3 || is_repeated || body.size() < head_bytes) {
    return false;
  }
  if (std::memcmp(body.data(), topic.data(), topic.size()) != 0) return false;
  if (has_properties && body[head_bytes - 1] != 0) return false;
  if (qos > 0) {
    publish.packet_id = IdAt(body.subspan(topic.size()));
    if (publish.packet_id == 0) return false;
  }
  publish.qos = static_cast<Qos>(qos);
  publish.retain = (first & 0x01) != 0;
  publish.topic = {reinterpret_cast<const char*>(body.data()) + sizeof(uint16_t),
                   topic.size() - sizeof(uint16_t)};
  publish.payload = body.subspan(head_bytes);
  return true;
}

bool Worker::IsNoMessage(const Peer& peer, const codec::Publish& publish) const {
  // What is retained comes again to whoever subscribes again.
  const bool is_replay = publish.retain && peer.hearing != nullptr && peer.has_returned;
  // In the end retained messages are removed, while a subscriber of another thread may listen yet.
  const bool is_removal =
      plan_.script == Script::kRetain && !publish.retain && publish.payload.empty();
  return is_replay || is_removal;
}

void Worker::Check(Peer& peer, const codec::Publish& publish, int64_t now_ns) {
  if (IsNoMessage(peer, publish)) return;
  Bump(progress_.received);
  if (plan_.hears_others()) {
    OnOthers(peer, publish, now_ns);
    return;
  }
  measure::Stamp stamp;
  const auto status = plan_.stamp_place == StampPlace::kPayload
                          ? std::optional(measure::ReadStamp(publish.payload, known_rest_, stamp))
                          : ReadElsewhere(peer, publish, stamp, now_ns);
  if (!status.has_value()) return;
  if (status == measure::StampStatus::kCorrupt) {
    Reject(peer, publish, findings_.integrity.corrupt, now_ns);
    return;
  }
  if (status == measure::StampStatus::kForeign ||
      stamp.run != measure::RunAs(plan_.stamp, plan_.run) || stamp.publisher >= plan_.publishers) {
    Reject(peer, publish, findings_.integrity.foreign, now_ns);
    return;
  }
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) --on_their_way_;
  const bool verifies = plan_.verify != Verify::kOff;
  const bool hears = !verifies || peer.role->Hears(peer.number, stamp.publisher);
  if (peer.hearing == nullptr || !hears) {
    if (peer.kept != nullptr) {
      OnKept(peer, publish, stamp, now_ns);
    } else {
      ++findings_.integrity.misrouted;
    }
    return;
  }
  const bool is_as_before = peer.hearing->last_topic_of == stamp.publisher;
  if (!is_as_before && verifies && !IsOnItsTopic(peer, publish, stamp)) {
    ++findings_.integrity.misrouted;
    return;
  }
  const bool measured = measures(stamp.due_ns);
  PhaseTally* const phase = measured ? PhaseOf(stamp.due_ns) : nullptr;
  if (publish.qos != plan_.qos) {
    ++findings_.integrity.wrong_qos;
    if (phase != nullptr) ++phase->integrity.wrong_qos;
  }
  const std::optional<measure::FlowVerdict> verdict = Observe(peer, publish, stamp, phase);
  if (!verdict.has_value()) return;
  if (plan_.asks) OnAnswer(peer, publish, stamp, *verdict);
  ++second_.received;
  if (measured) ++findings_.received;
  if (measures(now_ns)) ++findings_.received_meanwhile;
  RecordTimes(stamp, phase, now_ns);
}

// Of a message that counts. `phase` is null if nobody asks for phases or it is not measured.
void Worker::RecordTimes(const measure::Stamp& stamp, PhaseTally* phase, int64_t now_ns) {
  const bool measured = measures(stamp.due_ns);
  if (times_responses_) {
    response_row_.Record(now_ns - stamp.due_ns, measured, &second_.response, findings_.response);
    if (phase != nullptr) phase->response.Record(now_ns - stamp.due_ns);
  }
  const auto sent_ns = shared_.sent_times[stamp.publisher].Get(stamp.sequence, stamp.due_ns);
  if (!sent_ns.has_value()) {
    findings_.sent_times_unknown += measured ? 1 : 0;
    return;
  }
  // Below zero if the kernel has delivered what it told us later that it had taken.
  if (phase != nullptr) phase->service.Record(now_ns - *sent_ns);
  service_row_.Record(now_ns - *sent_ns, measured, times_responses_ ? nullptr : &second_.response,
                      findings_.service);
}

// Whether it came under the name that it was published to. Who asks knows what answers are called.
bool Worker::IsOnItsTopic(Peer& peer, const codec::Publish& publish,
                          const measure::Stamp& stamp) const {
  if (plan_.asks) return true;
  for (size_t i = 0; i < plan_.roles.size(); ++i) {
    const Role& role = plan_.roles[i];
    if (!role.publishes() || stamp.publisher - role.publisher >= role.count) continue;
    const TopicPattern& pattern = patterns_[i];
    const uint64_t topic = pattern.TopicOf(plan_.seed, stamp.publisher, stamp.sequence);
    const bool is_right = pattern.IsNamed(stamp.publisher - role.publisher, topic, publish.topic);
    if (is_right && pattern.topics() == 1) peer.hearing->last_topic_of = stamp.publisher;
    return is_right;
  }
  return true;
}

// Nobody of this run publishes: what comes is measured as far as it has a stamp of ours.
void Worker::OnOthers(const Peer& peer, const codec::Publish& publish, int64_t now_ns) {
  const bool measured = measures(now_ns);
  ++second_.received;
  if (measured) {
    ++findings_.received;
    ++findings_.received_meanwhile;
  }
  measure::Stamp stamp;
  // Where there is room for nothing else first: any payload may begin like a compact one.
  measure::StampStatus status = measure::ReadStampApart(CorrelationOf(publish.properties),
                                                        publish.payload, known_rest_, stamp);
  if (status == measure::StampStatus::kForeign) {
    status = measure::ReadStamp(publish.payload, known_rest_, stamp);
  }
  switch (status) {
    case measure::StampStatus::kOk:
      break;
    case measure::StampStatus::kForeign:
      ++findings_.integrity.foreign;
      return;
    case measure::StampStatus::kCorrupt:
      ++findings_.integrity.corrupt;
      return;
  }
  measure::IntegrityCounts& counts = findings_.integrity;
  if (plan_.verify == Verify::kFull) {
    const measure::IntegrityCounts before = counts;
    others_.Observe(IndexOf(peer), stamp, publish.qos != Qos::kAtMostOnce, counts);
    if (codec::IsSharedFilter(peer.role->filter_template(peer.number))) {
      // What is missing went to another member.
      counts.lost = before.lost;
      counts.lost_permitted = before.lost_permitted;
    }
  } else {
    ++counts.received;
  }
  response_row_.Record(Others::LatencyNs(stamp.due_ns, now_ns), measured, &second_.response,
                       findings_.response);
}

// What the turn has left in rows.
void Worker::RecordRows() {
  response_row_.Flush(&second_.response, findings_.response);
  service_row_.Flush(times_responses_ ? nullptr : &second_.response, findings_.service);
  ack_row_.Flush(nullptr, findings_.ack);
  if (on_their_way_ != 0) {
    shared_.clockwork.on_their_way.fetch_add(on_their_way_, std::memory_order_relaxed);
    on_their_way_ = 0;
  }
}

// Nothing: it was sent again, as is permitted, and counts no more.
std::optional<measure::FlowVerdict> Worker::Observe(Peer& peer, const codec::Publish& publish,
                                                    const measure::Stamp& stamp,
                                                    PhaseTally* phase) {
  if (plan_.verify != Verify::kFull) {
    findings_.integrity.Add(measure::FlowVerdict::kInOrder);
    if (phase != nullptr) {
      ++phase->received;
      phase->integrity.Add(measure::FlowVerdict::kInOrder);
    }
    return measure::FlowVerdict::kInOrder;
  }
  measure::FlowWindow& flow = peer.hearing->FlowOf(stamp.publisher);
  const uint64_t next = flow.next();
  const measure::FlowVerdict verdict = flow.Observe(stamp.sequence);
  if (!peer.role->is_member(peer.number)) CountMissing(peer, verdict, next, stamp);
  const bool is_late = verdict == measure::FlowVerdict::kReordered;
  const bool is_first = is_late || verdict == measure::FlowVerdict::kInOrder;
  if (!is_first && IsPermittedTwice(peer, publish, stamp)) {
    ++findings_.integrity.received;
    ++findings_.integrity.duplicates_permitted;
    Bump(progress_.received, -uint64_t{1});
    return std::nullopt;
  }
  const bool is_fault = !is_late || !peer.role->is_unordered;
  findings_.integrity.Add(is_fault ? verdict : measure::FlowVerdict::kInOrder);
  if (phase != nullptr) {
    ++phase->received;
    phase->integrity.Add(is_fault ? verdict : measure::FlowVerdict::kInOrder);
  }
  return verdict;
}

// `next` was the number that would have been in step.
void Worker::CountMissing(Peer& peer, measure::FlowVerdict verdict, uint64_t next,
                          const measure::Stamp& stamp) {
  const bool is_late = verdict == measure::FlowVerdict::kReordered;
  if (verdict != measure::FlowVerdict::kInOrder && !is_late) return;
  const uint64_t skipped = is_late ? 0 : stamp.sequence - next;
  uint64_t unpromised = 0;
  if (peer.hearing->absences != nullptr) {
    measure::Absence& absence = (*peer.hearing->absences)[stamp.publisher];
    unpromised = absence.Covered(next, next + skipped);
    if (absence.Covers(stamp.sequence)) {
      absence.NoteSeen();
      if (absence.is_over()) Bump(progress_.unpromised, -uint64_t{1});
      if (is_late) ++findings_.missing;  // It was not among them.
    }
  }
  if (is_late) {
    --findings_.missing;
    NoteUnderWay(peer, 1);
  } else if (skipped > 0) {
    findings_.missing += skipped - unpromised;
    NoteUnderWay(peer, -static_cast<int64_t>(skipped));
  }
}

// In a closed loop nobody waits for messages that later ones have overtaken.
void Worker::NoteUnderWay(Peer& peer, int64_t count) {
  if (plan_.rate_per_s > 0) return;
  if (plan_.asks) {
    peer.publishing->answered -= static_cast<uint64_t>(count);
  } else if (plan_.qos == Qos::kAtMostOnce) {
    on_their_way_ += count;
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
  // A PUBREL that was sent again may find its exchange complete. [MQTT-4.3.3-4]
  const bool is_late = packet == PacketType::kPubcomp && peer.has_returned &&
                       reason == ReasonCode::kPacketIdentifierNotFound;
  if (IsFailure(reason) && !is_late) Complain(Refusal(NameOf(packet), reason));
  if (packet == PacketType::kPubrel || (packet == PacketType::kPubrec && !IsFailure(reason))) {
    if (packet == PacketType::kPubrel) {
      OnPubrel(peer, id);
    } else {
      NoteReleased(peer, id);
    }
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
  unacked.is_released = false;
  --peer.publishing->unacked_count;
  if (!peer.publishing->again.empty()) SendAgain(peer);
  Bump(progress_.acked);
  ++second_.acked;
  if (measures(now_ns)) ++findings_.acked_meanwhile;
  if (!unacked.measured) return;
  ++findings_.acked;
  NoteAckedInPhase(unacked, now_ns);
  ack_row_.Record(now_ns - unacked.due_ns, true, nullptr, findings_.ack);
}

}  // namespace ringmq::load
