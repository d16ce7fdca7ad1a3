// What a worker publishes, and when.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "codec/properties.h"
#include "codec/varint.h"
#include "load/packet_bytes.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

// What waits in one connection's output, above which a publisher waits for the socket.
constexpr size_t kOutputBytesMax = 256 << 10;
constexpr size_t kCorrelationBytes = 8;

// Where the answer is wanted, and by which name it is known; the latter stands last.
std::vector<uint8_t> RequestProperties(const std::string& answer_topic) {
  constexpr uint8_t kNothingYet[kCorrelationBytes] = {};
  std::vector<uint8_t> list;
  codec::PropertyWriter(list)
      .Text(codec::PropertyId::kResponseTopic, answer_topic)
      .Binary(codec::PropertyId::kCorrelationData, kNothingYet);
  return list;
}

}  // namespace

bool Worker::measures(int64_t due_ns) const {
  return due_ns >= shared_.measure_start_ns.load(std::memory_order_relaxed) &&
         due_ns < shared_.measure_end_ns.load(std::memory_order_relaxed) &&
         shared_.measure_start_ns.load(std::memory_order_relaxed) > 0;
}

// The packet is encoded once; length, identifier and stamp are written over it for each message.
void Worker::PrepareFrame(Peer& peer) {
  peer.publishing = std::make_unique<Publishing>();
  Publishing& publishing = *peer.publishing;
  const std::string topic = Fill(peer.role->topic, peer.number);
  std::vector<uint8_t> payload(std::max(plan_.payload_bytes, plan_.payload_bytes_max), 'x');
  std::copy_n(plan_.payload.begin(), std::min(plan_.payload.size(), payload.size()),
              payload.begin());
  std::vector<uint8_t> properties;
  if (plan_.asks && plan_.version == ProtocolVersion::kV5) {
    properties = RequestProperties(Fill(peer.role->filter, peer.number));
  }
  codec::Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = plan_.qos;
  publish.retain = plan_.retain;
  publish.packet_id = plan_.qos == Qos::kAtMostOnce ? 0 : 1;
  publish.properties = {.bytes = properties};
  AppendPacket(publish, plan_.version, publishing.body);
  publishing.first = publishing.body.front();
  const codec::Varint remaining = codec::DecodeVarint(std::span(publishing.body).subspan(1));
  RMQ_CHECK(remaining.status == codec::VarintStatus::kDone);
  publishing.body.erase(publishing.body.begin(),
                        publishing.body.begin() + 1 + remaining.size_bytes);
  publishing.payload_offset = publishing.body.size() - payload.size();
  if (!properties.empty()) {
    publishing.correlation_offset = publishing.payload_offset - kCorrelationBytes;
  }
  if (plan_.qos == Qos::kAtMostOnce) return;
  publishing.packet_id_offset = sizeof(uint16_t) + topic.size();
  publishing.window = std::min<uint32_t>(plan_.in_flight, peer.receive_maximum);
  publishing.unacked.resize(publishing.window);
}

bool Worker::WindowOpen(const Peer& peer) const {
  const Publishing& publishing = *peer.publishing;
  if (plan_.qos != Qos::kAtMostOnce && publishing.unacked_count >= publishing.window) return false;
  if (plan_.rate_per_s > 0) return true;
  if (plan_.asks) return publishing.sequence - publishing.answered < plan_.in_flight;
  if (plan_.qos != Qos::kAtMostOnce || plan_.deliveries_each == 0) return true;
  return shared_.on_their_way.load(std::memory_order_relaxed) <
         static_cast<int64_t>(plan_.in_flight);
}

size_t Worker::NextPayloadBytes() {
  if (plan_.payload_bytes_max <= plan_.payload_bytes) return plan_.payload_bytes;
  return plan_.payload_bytes + random_.Below(plan_.payload_bytes_max - plan_.payload_bytes + 1);
}

// Identifiers go round within the window; one that is not free is passed over.
uint16_t Worker::TakePacketId(Publishing& publishing, int64_t due_ns, bool measured) {
  RMQ_CHECK(publishing.unacked_count < publishing.window);
  do {
    publishing.last_packet_id = publishing.last_packet_id >= publishing.window
                                    ? 1
                                    : static_cast<uint16_t>(publishing.last_packet_id + 1);
  } while (publishing.unacked[publishing.last_packet_id - 1].used);
  publishing.unacked[publishing.last_packet_id - 1] = {
      .due_ns = due_ns, .measured = measured, .used = true};
  ++publishing.unacked_count;
  return publishing.last_packet_id;
}

void Worker::Publish(Peer& peer, int64_t due_ns, bool waited) {
  Publishing& publishing = *peer.publishing;
  std::vector<uint8_t>& out = peer.output;
  if (out.empty()) dirty_.push_back(IndexOf(peer));
  const size_t body_bytes = publishing.payload_offset + NextPayloadBytes();
  uint8_t head[1 + codec::kVarintBytesMax] = {publishing.first};
  const uint8_t* const head_end = codec::EncodeVarint(static_cast<uint32_t>(body_bytes), head + 1);
  out.insert(out.end(), static_cast<const uint8_t*>(head), head_end);
  out.insert(out.end(), publishing.body.begin(),
             publishing.body.begin() + static_cast<ptrdiff_t>(body_bytes));
  const std::span<uint8_t> body = std::span(out).last(body_bytes);
  const bool measured = measures(due_ns);
  if (plan_.qos != Qos::kAtMostOnce) {
    const uint16_t id = TakePacketId(publishing, due_ns, measured);
    body[publishing.packet_id_offset] = static_cast<uint8_t>(id >> 8);
    body[publishing.packet_id_offset + 1] = static_cast<uint8_t>(id);
  }
  if (publishing.correlation_offset > 0) {
    std::memcpy(body.data() + publishing.correlation_offset, &publishing.sequence,
                kCorrelationBytes);
  }
  const std::span<uint8_t> payload = body.subspan(publishing.payload_offset);
  if (payload.size() >= measure::StampBytes(plan_.stamp)) {
    measure::WriteStamp({.run = plan_.run,
                         .publisher = PublisherOf(peer),
                         .sequence = publishing.sequence,
                         .due_ns = due_ns},
                        plan_.stamp, payload);
  }
  publishing.unwritten.push_back({.end_bytes = publishing.written_bytes + peer.unwritten_bytes(),
                                  .sequence = publishing.sequence,
                                  .due_ns = due_ns,
                                  .measured = measured,
                                  .waited = waited});
  ++publishing.sequence;
  --budget_;
  ++findings_.by_publisher[PublisherOf(peer)];
  progress_.sent.fetch_add(1, std::memory_order_relaxed);
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) {
    shared_.on_their_way.fetch_add(plan_.deliveries_each, std::memory_order_relaxed);
  }
}

// This thread's share, among those that have something to send.
void Worker::PrepareSchedule() {
  if (is_prepared_) return;
  is_prepared_ = true;
  if (publishers_.empty()) return;
  const Plan::Share share = plan_.ShareOf(part_);
  if (plan_.messages_max > 0) {
    budget_ = measure::Schedule::ShareOfCount(plan_.messages_max, share.part, share.parts);
  }
  if (plan_.rate_per_s <= 0) return;
  const measure::ScheduleOptions whole = {
      .rate_per_s = plan_.rate_per_s,
      .arrival = plan_.arrival,
      .burst = plan_.burst,
      .seed = plan_.seed,
      .start_ns = shared_.load_start_ns.load(std::memory_order_relaxed)};
  schedule_ =
      std::make_unique<measure::Schedule>(measure::Schedule::Share(whole, share.part, share.parts));
}

// Open loop: what is due goes out; what cannot go keeps its due time.
void Worker::SendDue(int64_t now_ns) {
  if (publishers_.empty()) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
    return;
  }
  PrepareSchedule();
  const int64_t end_ns = shared_.measure_end_ns.load(std::memory_order_relaxed);
  while (budget_ > 0 && schedule_->next_due() <= now_ns && schedule_->next_due() < end_ns) {
    const int64_t due_ns = schedule_->next_due();
    Peer& peer = peers_[publishers_[next_publisher_]];
    const bool socket_full = peer.output.size() >= kOutputBytesMax;
    if (socket_full || !WindowOpen(peer)) {
      held_up_ns_ = now_ns;
      held_up_by_socket_ = socket_full;
      return;
    }
    const bool waited = due_ns <= held_up_ns_;
    ++second_.offered;
    if (measures(due_ns)) {
      ++findings_.offered;
      if (waited) ++(held_up_by_socket_ ? findings_.socket_full : findings_.window_full);
    }
    progress_.offered.fetch_add(1, std::memory_order_relaxed);
    Publish(peer, due_ns, waited);
    schedule_->Advance();
    next_publisher_ = (next_publisher_ + 1) % publishers_.size();
  }
  if (budget_ == 0 || schedule_->next_due() >= end_ns) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
  }
}

// What was held up to the last was held up as well.
void Worker::CountUnsent(int64_t now_ns) {
  if (schedule_ == nullptr || budget_ == 0) return;
  const int64_t end_ns = std::min(now_ns, shared_.measure_end_ns.load(std::memory_order_relaxed));
  const int64_t from_ns =
      std::max(schedule_->next_due(), shared_.measure_start_ns.load(std::memory_order_relaxed));
  if (from_ns > held_up_ns_ || from_ns >= end_ns) return;
  const double share = plan_.rate_per_s / plan_.ShareOf(part_).parts;
  const auto unsent = static_cast<uint64_t>(static_cast<double>(end_ns - from_ns) * 1e-9 * share);
  (held_up_by_socket_ ? findings_.socket_full : findings_.window_full) += unsent;
}

// Closed loop: as much as the windows allow.
void Worker::SendFreely(int64_t now_ns) {
  constexpr int kBurstMax = 64;  // Of one publisher a turn, so that none is forgotten.
  PrepareSchedule();
  if (publishers_.empty() || budget_ == 0) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
    return;
  }
  bool any = false;
  for (const size_t index : publishers_) {
    Peer& peer = peers_[index];
    if (WindowOpen(peer)) any = true;
    for (int i = 0;
         i < kBurstMax && budget_ > 0 && WindowOpen(peer) && peer.output.size() < kOutputBytesMax;
         ++i) {
      ++second_.offered;
      if (measures(now_ns)) ++findings_.offered;
      Publish(peer, now_ns, /*waited=*/false);
    }
  }
  if (!any) ++findings_.window_full;  // The target sets the pace.
}

}  // namespace ringmq::load
