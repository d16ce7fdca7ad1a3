// What a worker sends and what it makes of what comes.
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
#include "load/worker.h"
#include "ringmq/expected.h"

namespace ringmq::load {
namespace {

// What waits in one connection's output, above which a publisher waits for the socket.
constexpr size_t kOutputBytesMax = 256 << 10;
constexpr codec::DecodeLimits kLimits = {.sender = codec::Peer::kServer};

template <typename Packet>
void AppendPacket(const Packet& packet, ProtocolVersion version, std::vector<uint8_t>& out) {
  const size_t before = out.size();
  out.resize(before + codec::EncodedSizeBytes(packet, version));
  codec::Encode(packet, version, std::span(out).subspan(before));
}

void AppendAck(uint8_t first, uint16_t id, std::vector<uint8_t>& out) {
  const uint8_t bytes[4] = {first, 2, static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)};
  out.insert(out.end(), bytes, bytes + sizeof(bytes));
}

uint16_t IdAt(std::span<const uint8_t> body) {
  return static_cast<uint16_t>(body[0] << 8 | body[1]);
}

}  // namespace

// --- Publishing.

bool Worker::measures(int64_t due_ns) const {
  return due_ns >= shared_.measure_start_ns.load(std::memory_order_relaxed) &&
         due_ns < shared_.measure_end_ns.load(std::memory_order_relaxed) &&
         shared_.measure_start_ns.load(std::memory_order_relaxed) > 0;
}

// The packet is encoded once; identifier and stamp are written over it for each message.
void Worker::PrepareFrame(Peer& peer) {
  peer.publishing = std::make_unique<Publishing>();
  Publishing& publishing = *peer.publishing;
  const std::vector<uint8_t> payload(plan_.payload_bytes, 'x');
  codec::Publish publish;
  publish.topic = peer.role->topic;
  publish.payload = payload;
  publish.qos = plan_.qos;
  publish.retain = plan_.retain;
  publish.packet_id = plan_.qos == Qos::kAtMostOnce ? 0 : 1;
  AppendPacket(publish, plan_.version, publishing.frame);
  publishing.payload_offset = publishing.frame.size() - payload.size();
  if (plan_.qos != Qos::kAtMostOnce) {
    const size_t property_bytes = plan_.version == ProtocolVersion::kV5 ? 1 : 0;
    publishing.packet_id_offset = publishing.payload_offset - property_bytes - 2;
    publishing.unacked.resize(plan_.in_flight);
  }
}

bool Worker::WindowOpen(const Peer& peer) const {
  if (plan_.qos != Qos::kAtMostOnce) return peer.publishing->unacked_count < plan_.in_flight;
  if (plan_.rate_per_s > 0 || plan_.deliveries_each == 0) return true;
  return shared_.on_their_way.load(std::memory_order_relaxed) <
         static_cast<int64_t>(plan_.in_flight);
}

void Worker::Publish(Peer& peer, int64_t due_ns, int64_t now_ns) {
  static_cast<void>(now_ns);
  Publishing& publishing = *peer.publishing;
  std::vector<uint8_t>& out = peer.output;
  if (out.empty()) dirty_.push_back(IndexOf(peer));
  const size_t before = out.size();
  out.insert(out.end(), publishing.frame.begin(), publishing.frame.end());
  const bool measured = measures(due_ns);
  if (plan_.qos != Qos::kAtMostOnce) {
    // Identifiers go round within the window; one that is not free is passed over.
    do {
      publishing.last_packet_id = publishing.last_packet_id >= plan_.in_flight
                                      ? 1
                                      : static_cast<uint16_t>(publishing.last_packet_id + 1);
    } while (publishing.unacked[publishing.last_packet_id - 1].used);
    publishing.unacked[publishing.last_packet_id - 1] = {
        .due_ns = due_ns, .measured = measured, .used = true};
    ++publishing.unacked_count;
    out[before + publishing.packet_id_offset] =
        static_cast<uint8_t>(publishing.last_packet_id >> 8);
    out[before + publishing.packet_id_offset + 1] = static_cast<uint8_t>(publishing.last_packet_id);
  }
  const std::span<uint8_t> payload = std::span(out).subspan(before + publishing.payload_offset);
  if (payload.size() >= measure::StampBytes(plan_.stamp)) {
    measure::WriteStamp({.run = plan_.run,
                         .publisher = peer.role->publisher,
                         .sequence = publishing.sequence,
                         .due_ns = due_ns},
                        plan_.stamp, payload);
  }
  publishing.appended_bytes += publishing.frame.size();
  publishing.unwritten.push_back({.end_bytes = publishing.appended_bytes,
                                  .sequence = publishing.sequence,
                                  .due_ns = due_ns,
                                  .measured = measured});
  ++publishing.sequence;
  ++findings_.by_publisher[peer.role->publisher];
  progress_.sent.fetch_add(1, std::memory_order_relaxed);
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) {
    shared_.on_their_way.fetch_add(plan_.deliveries_each, std::memory_order_relaxed);
  }
}

// Open loop: what is due goes out; what cannot go keeps its due time.
void Worker::SendDue(int64_t now_ns) {
  if (publishers_.empty()) return;
  if (schedule_ == nullptr) {
    const measure::ScheduleOptions whole = {
        .rate_per_s = plan_.rate_per_s,
        .arrival = plan_.arrival,
        .burst = plan_.burst,
        .seed = plan_.seed,
        .start_ns = shared_.load_start_ns.load(std::memory_order_relaxed)};
    schedule_ =
        std::make_unique<measure::Schedule>(measure::Schedule::Share(whole, part_, plan_.threads));
  }
  const int64_t end_ns = shared_.measure_end_ns.load(std::memory_order_relaxed);
  while (schedule_->next_due() <= now_ns && schedule_->next_due() < end_ns) {
    const int64_t due_ns = schedule_->next_due();
    Peer& peer = *peers_[publishers_[next_publisher_]];
    const bool socket_full = peer.output.size() >= kOutputBytesMax;
    if (socket_full || !WindowOpen(peer)) {
      ++(socket_full ? findings_.socket_full : findings_.window_full);
      return;
    }
    ++second_.offered;
    if (measures(due_ns)) ++findings_.offered;
    progress_.offered.fetch_add(1, std::memory_order_relaxed);
    Publish(peer, due_ns, now_ns);
    schedule_->Advance();
    next_publisher_ = (next_publisher_ + 1) % publishers_.size();
  }
  if (schedule_->next_due() >= end_ns) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
  }
}

// Closed loop: as much as the windows allow.
void Worker::SendFreely(int64_t now_ns) {
  constexpr int kBurstMax = 64;  // Of one publisher a turn, so that none is forgotten.
  bool any = false;
  for (const size_t index : publishers_) {
    Peer& peer = *peers_[index];
    if (WindowOpen(peer)) any = true;
    for (int i = 0; i < kBurstMax && WindowOpen(peer) && peer.output.size() < kOutputBytesMax;
         ++i) {
      ++second_.offered;
      if (measures(now_ns)) ++findings_.offered;
      Publish(peer, now_ns, now_ns);
    }
  }
  if (!any && !publishers_.empty()) ++findings_.window_full;  // The target sets the pace.
}

// --- What comes.

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
    Fail(peer, absl::StrCat("DISCONNECT: ", packet.ok() ? NameOf(packet->reason) : "malformed"));
  } else if (type != PacketType::kPingresp) {
    Fail(peer, absl::StrCat("an unexpected packet of type ", first >> 4));
  }
}

void Worker::OnConnack(Peer& peer, std::span<const uint8_t> body, int64_t now_ns) {
  const auto connack = codec::DecodeConnack(body, plan_.version, kLimits);
  if (!connack.ok() || connack->reason != ReasonCode::kSuccess) {
    Fail(peer, absl::StrCat("CONNACK: ", connack.ok() ? NameOf(connack->reason) : "malformed"));
    return;
  }
  const size_t index = IndexOf(peer);
  findings_.connack.Record(now_ns - step_start_ns_[index]);
  step_start_ns_[index] = now_ns;
  if (peer.role->filter.empty()) {
    BecomeReady(peer);
    return;
  }
  peer.state = PeerState::kSubscribing;
  std::vector<uint8_t> filters;
  codec::AppendSubscription(peer.role->filter, {.qos = plan_.qos}, plan_.version, filters);
  AppendPacket(codec::Subscribe{.packet_id = 1,
                                .subscription_id = 0,
                                .properties = {},
                                .filters = filters,
                                .filter_count = 1},
               plan_.version, peer.output);
  dirty_.push_back(index);
}

void Worker::OnSuback(Peer& peer, std::span<const uint8_t> body, int64_t now_ns) {
  const auto suback = codec::DecodeSuback(body, plan_.version, kLimits);
  if (!suback.ok() || suback->reasons.size() != 1 || IsFailure(suback->reasons[0])) {
    Fail(peer, absl::StrCat("SUBACK: ", suback.ok() && !suback->reasons.empty()
                                            ? NameOf(suback->reasons[0])
                                            : "malformed"));
    return;
  }
  findings_.suback.Record(now_ns - step_start_ns_[IndexOf(peer)]);
  peer.hearing = std::make_unique<Hearing>();
  BecomeReady(peer);
}

void Worker::BecomeReady(Peer& peer) {
  peer.state = PeerState::kReady;
  if (!peer.role->topic.empty()) {
    PrepareFrame(peer);
    publishers_.push_back(IndexOf(peer));
  }
  progress_.connected.fetch_add(1, std::memory_order_relaxed);
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
  Check(peer, publish->qos, publish->payload, now_ns);
}

void Worker::Check(Peer& peer, Qos qos, std::span<const uint8_t> payload, int64_t now_ns) {
  progress_.received.fetch_add(1, std::memory_order_relaxed);
  measure::Stamp stamp;
  const measure::StampStatus status = measure::ReadStamp(payload, stamp);
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
  const Role& role = *peer.role;
  const bool is_mine = peer.hearing != nullptr && stamp.publisher >= role.hears_first &&
                       stamp.publisher < role.hears_first + role.hears_count;
  if (!is_mine) {
    ++findings_.integrity.misrouted;
    return;
  }
  if (qos != plan_.qos) ++findings_.integrity.wrong_qos;
  findings_.integrity.Add(peer.hearing->flows[stamp.publisher].Observe(stamp.sequence));
  const int64_t sent_ns = shared_.sent_times[stamp.publisher]->Get(stamp.sequence);
  const int64_t response_ns = now_ns - stamp.due_ns;
  // The kernel may deliver before it tells us that it has taken the last byte.
  const int64_t service_ns = std::max<int64_t>(now_ns - sent_ns, 0);
  const bool sent_known = sent_ns >= stamp.due_ns;
  const bool open_loop = plan_.rate_per_s > 0;
  ++second_.received;
  if (open_loop || sent_known) second_.response.Record(open_loop ? response_ns : service_ns);
  if (!measures(stamp.due_ns)) return;
  ++findings_.received;
  if (open_loop) findings_.response.Record(response_ns);
  if (sent_known) findings_.service.Record(service_ns);
}

void Worker::OnAck(Peer& peer, uint8_t type, std::span<const uint8_t> body, int64_t now_ns) {
  if (body.size() < 2) {
    Fail(peer, "a malformed acknowledgement");
    return;
  }
  const uint16_t id = IdAt(body);
  const auto packet = static_cast<PacketType>(type);
  if (packet == PacketType::kPubrec || packet == PacketType::kPubrel) {
    if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
    AppendAck(packet == PacketType::kPubrec ? 0x62 : 0x70, id, peer.output);
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
  if (!unacked.measured) return;
  ++findings_.acked;
  findings_.ack.Record(now_ns - unacked.due_ns);
}

}  // namespace ringmq::load
