// What a worker publishes, and when.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "codec/properties.h"
#include "codec/varint.h"
#include "load/packet_bytes.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

// What waits in one connection's output, above which a publisher waits for the socket.
constexpr size_t kOutputBytesMax = 256 << 10;
// What one publisher sends in a turn of a closed loop: enough for few system calls, and none of the
// others is forgotten.
constexpr size_t kRowBytesMax = 32 << 10;
constexpr size_t kAliasBytes = 3;  // The property, which stands behind all others.

}  // namespace

std::vector<uint8_t> Worker::PropertiesOf(const Peer& peer) const {
  std::vector<uint8_t> list;
  if (plan_.version != ProtocolVersion::kV5) return list;
  codec::PropertyWriter writer(list);
  for (const auto& [name, value] : plan_.user_properties) writer.UserProperty(name, value);
  if (plan_.asks) {
    writer.Text(codec::PropertyId::kResponseTopic, Fill(peer.role->filter, peer.number));
  }
  // Stands last, and is written over for each message.
  const std::vector<uint8_t> nothing_yet(plan_.CorrelationBytes());
  if (!nothing_yet.empty()) writer.Binary(codec::PropertyId::kCorrelationData, nothing_yet);
  return list;
}

// The packet is encoded once; length, identifier and stamp are written over it for each message.
void Worker::PrepareFrame(Peer& peer) {
  peer.publishing = std::make_unique<Publishing>();
  Publishing& publishing = *peer.publishing;
  PrepareTopic(peer);
  if (plan_.asks && plan_.stamp_place == StampPlace::kNowhere) {
    publishing.due_times.resize(plan_.SentTimesEach());
  }
  if (plan_.qos == Qos::kAtMostOnce) return;
  publishing.window = std::min<uint32_t>(plan_.in_flight, peer.receive_maximum);
  publishing.unacked.resize(publishing.window);
}

// Each connection has aliases of its own, and CONNACK says whether it has any. [MQTT-3.3.2-9]
void Worker::PrepareTopic(Peer& peer) {
  Publishing& publishing = *peer.publishing;
  const bool has_alias = plan_.aliases && peer.topic_alias_maximum > 0;
  if (plan_.aliases && !has_alias) ++findings_.aliases_refused;
  publishing.brief = {};
  if (has_alias) publishing.brief = MakeFrame(peer, Naming::kAlias);
  const TopicPattern& pattern = PatternOf(peer);
  if (pattern.topics() == 1) {
    publishing.frame = MakeFrame(peer, has_alias ? Naming::kTopicAndAlias : Naming::kTopic);
    publishing.next = &publishing.frame;
    publishing.then = has_alias ? &publishing.brief : &publishing.frame;
    return;
  }
  publishing.frame = MakeFrame(peer, Naming::kTopic);
  publishing.variety = std::make_unique<Publishing::Variety>();
  publishing.variety->pattern = &pattern;
  if (!has_alias) return;
  publishing.variety->naming = MakeFrame(peer, Naming::kTopicAndAlias);
  const uint64_t named = std::min<uint64_t>(pattern.topics(), peer.topic_alias_maximum);
  publishing.variety->has_named.resize(named);
  if (named < pattern.topics()) ++findings_.aliases_few;
}

Publishing::Frame Worker::MakeFrame(const Peer& peer, Naming naming) const {
  std::string topic;
  if (naming != Naming::kAlias) PatternOf(peer).Name(peer.number, 0, topic);
  const std::vector<uint8_t> payload = plan_.MakePayload(plan_.LongestPayloadBytes());
  const std::vector<uint8_t> properties = PropertiesOf(peer);
  codec::Publish publish;
  publish.topic = topic;
  publish.topic_alias = naming == Naming::kTopic ? 0 : 1;
  publish.payload = payload;
  publish.qos = plan_.qos;
  publish.retain = plan_.retain;
  publish.packet_id = plan_.qos == Qos::kAtMostOnce ? 0 : 1;
  publish.properties = {.bytes = properties};
  Publishing::Frame frame;
  AppendPacket(publish, plan_.version, frame.bytes);
  const codec::Varint remaining = codec::DecodeVarint(std::span(frame.bytes).subspan(1));
  RMQ_CHECK(remaining.status == codec::VarintStatus::kDone);
  frame.head_bytes = 1u + remaining.size_bytes;
  frame.topic_bytes = topic.size();
  frame.payload_offset = frame.bytes.size() - frame.head_bytes - payload.size();
  if (const size_t correlation_bytes = plan_.CorrelationBytes(); correlation_bytes > 0) {
    const size_t behind_bytes = naming == Naming::kTopic ? 0 : kAliasBytes;
    frame.correlation_offset = frame.payload_offset - behind_bytes - correlation_bytes;
  }
  if (plan_.qos != Qos::kAtMostOnce) frame.packet_id_offset = sizeof(uint16_t) + topic.size();
  return frame;
}

// How many messages a publisher may send now.
uint64_t Worker::RoomOf(const Peer& peer) const {
  const Publishing& publishing = *peer.publishing;
  uint64_t room = UINT64_MAX;
  if (plan_.qos != Qos::kAtMostOnce) room = publishing.WindowLeft();
  if (!publishing.again.empty()) return 0;
  if (plan_.rate_per_s > 0) return room;
  if (publishing.is_nudged) return std::min<uint64_t>(room, 1);
  if (plan_.asks) {
    const uint64_t open = publishing.sequence - std::min(publishing.answered, publishing.sequence);
    return std::min<uint64_t>(room, plan_.in_flight - std::min<uint64_t>(open, plan_.in_flight));
  }
  if (plan_.qos != Qos::kAtMostOnce) return room;
  const uint32_t deliveries = plan_.deliveries_of(PublisherOf(peer));
  if (deliveries == 0) return room;
  const int64_t left = static_cast<int64_t>(plan_.in_flight) - on_their_way_ -
                       shared_.clockwork.on_their_way.load(std::memory_order_relaxed);
  // The last one may exceed it, or a message to many subscribers could never go.
  return left <= 0 ? 0 : (static_cast<uint64_t>(left) - 1) / deliveries + 1;
}

size_t Worker::NextPayloadBytes() {
  if (plan_.payload_bytes_max <= plan_.payload_bytes) return plan_.payload_bytes;
  return plan_.payload_bytes + random_.Below(plan_.payload_bytes_max - plan_.payload_bytes + 1);
}

// Identifiers go round within the window; one that is not free is passed over.
uint16_t Worker::TakePacketId(Publishing& publishing, uint64_t sequence, int64_t due_ns,
                              bool measured) {
  RMQ_CHECK(publishing.unacked_count < publishing.window);
  do {
    publishing.last_packet_id = publishing.last_packet_id >= publishing.window
                                    ? 1
                                    : static_cast<uint16_t>(publishing.last_packet_id + 1);
  } while (publishing.unacked[publishing.last_packet_id - 1].used);
  publishing.unacked[publishing.last_packet_id - 1] = {
      .due_ns = due_ns, .sequence = sequence, .measured = measured, .used = true};
  ++publishing.unacked_count;
  return publishing.last_packet_id;
}

// A packet with such a payload, as long as the frame's or shorter; returns what follows the fixed
// header.
std::span<uint8_t> Worker::AppendFrame(const Publishing::Frame& frame, size_t payload_bytes,
                                       std::vector<uint8_t>& out) const {
  const std::vector<uint8_t>& bytes = frame.bytes;
  if (plan_.payload_bytes_max <= plan_.payload_bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return std::span(out).last(bytes.size() - frame.head_bytes);
  }
  const size_t body_bytes = frame.payload_offset + payload_bytes;
  uint8_t head[1 + codec::kVarintBytesMax] = {bytes.front()};
  const uint8_t* const head_end = codec::EncodeVarint(static_cast<uint32_t>(body_bytes), head + 1);
  out.insert(out.end(), static_cast<const uint8_t*>(head), head_end);
  const auto body = bytes.begin() + static_cast<ptrdiff_t>(frame.head_bytes);
  out.insert(out.end(), body, body + static_cast<ptrdiff_t>(body_bytes));
  return std::span(out).last(body_bytes);
}

// So many messages that are due at the same time. Requires: room for them.
void Worker::Publish(Peer& peer, int64_t due_ns, uint64_t count, bool waited) {
  Publishing& publishing = *peer.publishing;
  const bool measured = measures(measure::DueAs(plan_.stamp, due_ns));
  AppendMessages(peer, {.end_bytes = 0,
                        .sequence = publishing.sequence,
                        .due_ns = due_ns,
                        .each_bytes = 0,
                        .count = static_cast<uint32_t>(count),
                        .measured = measured,
                        .waited = waited});
  for (uint64_t i = 0; !publishing.due_times.empty() && i < count; ++i) {
    publishing.due_times[(publishing.sequence + i) & (publishing.due_times.size() - 1)] = due_ns;
  }
  publishing.sequence += count;
  publishing.is_nudged = false;
  budget_ -= count;
  findings_.by_publisher[PublisherOf(peer)] += count;
  Bump(shared_.published[PublisherOf(peer)], count);
  Bump(progress_.sent, count);
  if (plan_.rate_per_s == 0) NoteOffered(due_ns, count);
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) {
    on_their_way_ += static_cast<int64_t>(count * plan_.deliveries_of(PublisherOf(peer)));
  }
}

// To the connection's output, with rows that say when they are written. Of `messages` the bytes
// are not looked at.
void Worker::AppendMessages(Peer& peer, const Publishing::Unwritten& messages) {
  Publishing& publishing = *peer.publishing;
  std::vector<uint8_t>& out = peer.output;
  if (out.empty()) dirty_.push_back(IndexOf(peer));
  const uint64_t unwritten_before = publishing.written_bytes + peer.unwritten_bytes() - out.size();
  uint64_t sequence = messages.sequence;
  Publishing::Unwritten row;
  for (uint32_t i = 0; i < messages.count; ++i, ++sequence) {
    const size_t before = out.size();
    const size_t payload_bytes = rendered_.empty() ? NextPayloadBytes() : 0;
    uint16_t id = 0;
    if (plan_.qos != Qos::kAtMostOnce) {
      id = TakePacketId(publishing, sequence, messages.due_ns, messages.measured);
      publishing.unacked[id - 1].payload_bytes = static_cast<uint32_t>(payload_bytes);
    }
    AppendMessage(peer, sequence, messages.due_ns, id, payload_bytes);
    const auto each_bytes = static_cast<uint32_t>(out.size() - before);
    if (each_bytes != row.each_bytes) {
      if (row.count > 0) publishing.unwritten.push_back(row);
      row = messages;
      row.end_bytes = unwritten_before + out.size();
      row.sequence = sequence;
      row.each_bytes = each_bytes;
      row.count = 0;
    }
    ++row.count;
  }
  publishing.unwritten.push_back(row);
}

void Worker::AppendMessage(Peer& peer, uint64_t sequence, int64_t due_ns, uint16_t id,
                           size_t payload_bytes) {
  Publishing& publishing = *peer.publishing;
  const bool is_rendered = !rendered_.empty();
  if (is_rendered) payload_bytes = Render(PublisherOf(peer), sequence, due_ns);
  const Publishing::Frame* const next = std::exchange(publishing.next, publishing.then);
  const auto [frame, body] = next == nullptr
                                 ? AppendToOneOfMany(peer, sequence, payload_bytes)
                                 : Appended{*next, AppendFrame(*next, payload_bytes, peer.output)};
  if (id != 0) {
    body[frame.packet_id_offset] = static_cast<uint8_t>(id >> 8);
    body[frame.packet_id_offset + 1] = static_cast<uint8_t>(id);
  }
  const std::span<uint8_t> payload = body.subspan(frame.payload_offset);
  if (is_rendered) {
    const size_t text_bytes = payload_bytes - plan_.StampedBytes();
    std::copy_n(rendered_.begin(), text_bytes, payload.last(text_bytes).begin());
  }
  const measure::Stamp stamp = {
      .run = plan_.run, .publisher = PublisherOf(peer), .sequence = sequence, .due_ns = due_ns};
  if (frame.correlation_offset > 0) {
    PutStamp(stamp, payload, body.subspan(frame.correlation_offset, plan_.CorrelationBytes()));
  } else if (plan_.stamp_place == StampPlace::kPayload) {
    measure::WriteStamp(stamp, plan_.stamp, SumOfRest(payload), payload);
  }
}

// What stands in the output is about to go: whoever receives it sooner than we hear that it went
// has a time that is not later. Whatever the kernel does not take at once is corrected.
void Worker::NoteHandedOver(Peer& peer, int64_t now_ns) {
  Publishing& publishing = *peer.publishing;
  publishing.handed_over_turn = findings_.turns;
  SentTimes& times = shared_.sent_times[PublisherOf(peer)];
  for (size_t i = 0; i < publishing.unwritten.size(); ++i) {
    const Publishing::Unwritten& row = publishing.unwritten[i];
    for (uint32_t j = 0; j < row.count; ++j) times.Set(row.sequence + j, now_ns);
  }
}

// What the kernel never took was not sent, and nobody is to miss it.
void Worker::TakeBack(Peer& peer) {
  if (peer.publishing == nullptr) return;
  uint64_t unsent = 0;
  base::RingQueue<Publishing::Unwritten>& unwritten = peer.publishing->unwritten;
  for (; !unwritten.empty(); unwritten.pop_front()) unsent += unwritten.front().count;
  if (unsent == 0) return;
  findings_.by_publisher[PublisherOf(peer)] -= unsent;
  Bump(progress_.sent, -unsent);
  if (plan_.script != Script::kRetain) Bump(shared_.published[PublisherOf(peer)], -unsent);
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) {
    on_their_way_ -= static_cast<int64_t>(unsent * plan_.deliveries_of(PublisherOf(peer)));
  }
}

// Who is gone for good publishes nothing any more.
void Worker::ForgetGone() {
  if (!std::exchange(has_gone_, false)) return;
  std::erase_if(publishers_,
                [this](size_t index) { return peers_[index].state == PeerState::kEnded; });
  if (next_publisher_ >= publishers_.size()) next_publisher_ = 0;
}

// The kernel has taken so many bytes of MQTT more.
void Worker::NoteWritten(Peer& peer, size_t bytes, int64_t now_ns) {
  Publishing& publishing = *peer.publishing;
  publishing.written_bytes += bytes;
  SentTimes& times = shared_.sent_times[PublisherOf(peer)];
  const bool is_at_once = publishing.handed_over_turn + 1 == findings_.turns;
  while (!publishing.unwritten.empty()) {
    Publishing::Unwritten& row = publishing.unwritten.front();
    if (row.end_bytes > publishing.written_bytes) return;
    const uint64_t whole = (publishing.written_bytes - row.end_bytes) / row.each_bytes + 1;
    const auto count = static_cast<uint32_t>(std::min<uint64_t>(whole, row.count));
    for (uint32_t i = 0; !is_at_once && i < count; ++i) times.Set(row.sequence + i, now_ns);
    NoteSent(row, count, now_ns);
    if (!plan_.has_one_audience() && row.measured) NoteExpected(peer, row.due_ns, count);
    if (count == row.count) {
      publishing.unwritten.pop_front();
      continue;
    }
    row.end_bytes += uint64_t{count} * row.each_bytes;
    row.sequence += count;
    row.count -= count;
    return;
  }
}

// Of measured messages, where publishers have different audiences.
void Worker::NoteExpected(const Peer& peer, int64_t due_ns, uint64_t count) {
  const uint64_t deliveries = count * plan_.deliveries_of(PublisherOf(peer));
  findings_.expected += deliveries;
  if (plan_.rate_per_s <= 0) return;
  if (PhaseTally* const phase = PhaseOf(measure::DueAs(plan_.stamp, due_ns))) {
    phase->expected += deliveries;
  }
}

void Worker::NoteSent(const Publishing::Unwritten& row, uint32_t count, int64_t now_ns) {
  second_.sent += count;
  if (measures(now_ns)) findings_.sent_meanwhile += count;
  if (row.measured) findings_.sent += count;
  if (plan_.rate_per_s <= 0) return;
  const int64_t lag_ns = now_ns - row.due_ns;
  if (row.measured) NoteSentInPhase(row, count, lag_ns);
  second_.lag.Record(lag_ns, count);
  if (!row.measured) return;
  findings_.lag.Record(lag_ns, count);
  if (!row.waited) findings_.own_lag.Record(lag_ns, count);
}

// This thread's share, among those that have something to send.
void Worker::PrepareSchedule() {
  if (is_prepared_) return;
  is_prepared_ = true;
  if (!has_publishers()) return;
  const Plan::Share share = plan_.ShareOf(part_, &Role::publishes);
  if (plan_.messages_max > 0) {
    budget_ = measure::Schedule::ShareOfCount(plan_.messages_max, share.part, share.parts);
  }
  if (plan_.rate_per_s <= 0) return;
  const measure::ScheduleOptions whole = {
      .rate_per_s = plan_.rate_per_s,
      .profile = plan_.profile.empty() ? nullptr : &plan_.profile,
      .arrival = plan_.arrival,
      .burst = plan_.burst,
      .seed = plan_.seed,
      .start_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed)};
  schedule_ =
      std::make_unique<measure::Schedule>(measure::Schedule::Share(whole, share.part, share.parts));
}

void Worker::NoteOffered(int64_t due_ns, uint64_t count) {
  second_.offered += count;
  Bump(progress_.offered, count);
  const int64_t due_as_ns = measure::DueAs(plan_.stamp, due_ns);
  if (!measures(due_as_ns)) return;
  findings_.offered += count;
  if (PhaseTally* const phase = PhaseOf(due_as_ns)) phase->offered += count;
}

// What is due is offered, whether it can go or not: while something is in the way, a second
// schedule runs ahead of the one that is sent by.
void Worker::NoteHeldUp(int64_t now_ns) {
  if (schedule_ == nullptr) return;
  if (ahead_ == nullptr || ahead_->index() < schedule_->index()) {
    ahead_ = std::make_unique<measure::Schedule>(*schedule_);
  }
  const int64_t end_ns = shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  const uint64_t end_index = budget_ == UINT64_MAX ? UINT64_MAX : schedule_->index() + budget_;
  while (ahead_->next_due() <= now_ns && ahead_->next_due() < end_ns &&
         ahead_->index() < end_index) {
    NoteOffered(ahead_->next_due(), 1);
    ahead_->Advance();
  }
}

// Open loop: what is due goes out; what cannot go keeps its due time.
void Worker::SendDue(int64_t now_ns) {
  if (!has_publishers()) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
    return;
  }
  PrepareSchedule();
  if (publishers_.empty()) {  // They will be there again.
    held_up_ns_ = now_ns;
    held_up_by_socket_ = false;
    NoteHeldUp(now_ns);
    return;
  }
  const int64_t end_ns = shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  while (budget_ > 0 && schedule_->next_due() <= now_ns && schedule_->next_due() < end_ns) {
    const int64_t due_ns = schedule_->next_due();
    Peer& peer = peers_[publishers_[next_publisher_]];
    const bool socket_full = peer.output.size() >= kOutputBytesMax;
    if (socket_full || RoomOf(peer) == 0) {
      held_up_ns_ = now_ns;
      held_up_by_socket_ = socket_full;
      NoteHeldUp(now_ns);
      return;
    }
    const bool waited = due_ns <= held_up_ns_;
    if (waited && measures(due_ns)) {
      ++(held_up_by_socket_ ? findings_.socket_full : findings_.window_full);
    }
    if (ahead_ == nullptr || ahead_->index() <= schedule_->index()) NoteOffered(due_ns, 1);
    Publish(peer, due_ns, 1, waited);
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
  const int64_t end_ns =
      std::min(now_ns, shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed));
  const int64_t from_ns = std::max(
      schedule_->next_due(), shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed));
  if (from_ns > held_up_ns_ || from_ns >= end_ns) return;
  const double share = plan_.rate_per_s / plan_.ShareOf(part_, &Role::publishes).parts;
  const auto unsent = static_cast<uint64_t>(static_cast<double>(end_ns - from_ns) * 1e-9 * share);
  (held_up_by_socket_ ? findings_.socket_full : findings_.window_full) += unsent;
}

// Closed loop: as much as the windows allow, each turn another publisher first.
void Worker::SendFreely(int64_t now_ns) {
  PrepareSchedule();
  if (!has_publishers() || budget_ == 0) {
    progress_.exhausted.store(true, std::memory_order_relaxed);
    return;
  }
  if (publishers_.empty()) return;  // They will be there again.
  Nudge();
  const size_t frame_bytes = peers_[publishers_.front()].publishing->frame.bytes.size();
  uint64_t row_max = std::max<uint64_t>(kRowBytesMax / frame_bytes, 1);
  const bool has_audience = plan_.deliveries_each > 0 || !plan_.has_one_audience();
  if (plan_.qos == Qos::kAtMostOnce && has_audience) {
    // The window is everybody's: each has its share.
    const uint64_t audience = plan_.has_one_audience()
                                  ? uint64_t{plan_.publishers} * plan_.deliveries_each
                                  : plan_.deliveries_sum;
    row_max = std::clamp<uint64_t>(plan_.in_flight / audience, 1, row_max);
  }
  bool any = false;
  next_publisher_ = (next_publisher_ + 1) % publishers_.size();
  for (size_t i = 0; i < publishers_.size() && budget_ > 0; ++i) {
    const size_t place = next_publisher_ + i;
    Peer& peer =
        peers_[publishers_[place < publishers_.size() ? place : place - publishers_.size()]];
    const uint64_t room = RoomOf(peer);
    if (room > 0) any = true;
    if (room == 0 || peer.output.size() >= kOutputBytesMax) continue;
    const uint64_t fits =
        (kOutputBytesMax - peer.output.size()) / peer.publishing->frame.bytes.size();
    Publish(peer, now_ns, std::min({room, row_max, budget_, fits + 1}), /*waited=*/false);
  }
  if (!any) ++findings_.window_full;  // The target sets the pace.
}

}  // namespace ringmq::load
