// Messages that the broker keeps: what a worker stores as retained messages, and what it makes of
// those that come from there or from the queue of a session.
//
// SPDX-License-Identifier: Apache-2.0
#include "load/kept.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "load/packet_bytes.h"
#include "load/worker.h"

namespace ringmq::load {
namespace {

// What waits in one connection's output, above which storing waits for the socket.
constexpr size_t kOutputBytesMax = 256 << 10;
constexpr std::string_view kNumber = "{i}";

// Whether Fill(pattern, number) is `topic`, without making it.
bool IsTopicOf(std::string_view topic, std::string_view pattern, uint64_t number) {
  const size_t at = pattern.find(kNumber);
  const std::string_view front = pattern.substr(0, at);
  const std::string_view back = pattern.substr(at + kNumber.size());
  if (topic.size() <= front.size() + back.size()) return false;
  if (!topic.starts_with(front) || !topic.ends_with(back)) return false;
  topic.remove_prefix(front.size());
  topic.remove_suffix(back.size());
  uint64_t found = 0;
  const auto [end, error] = std::from_chars(topic.data(), topic.data() + topic.size(), found);
  return error == std::errc() && end == topic.data() + topic.size() && found == number;
}

}  // namespace

// Each publisher every n-th message, as its window allows. Returns whether all are acknowledged.
bool Worker::StoreSome(Stored what, int64_t now_ns) {
  bool is_over = true;
  for (const size_t index : publishers_) {
    Peer& peer = peers_[index];
    Publishing& publishing = *peer.publishing;
    while (publishing.unacked_count < publishing.window && peer.output.size() < kOutputBytesMax) {
      const uint64_t number = PublisherOf(peer) + publishing.stored * plan_.publishers;
      if (number >= plan_.messages_max) break;
      Store(peer, number, what, now_ns);
      ++publishing.stored;
    }
    const uint64_t next = PublisherOf(peer) + publishing.stored * plan_.publishers;
    is_over = is_over && next >= plan_.messages_max && publishing.unacked_count == 0;
  }
  return is_over;
}

void Worker::Store(Peer& peer, uint64_t number, Stored what, int64_t now_ns) {
  Publishing& publishing = *peer.publishing;
  const bool is_message = what == Stored::kMessage;
  const std::string topic = Fill(peer.role->topic, static_cast<uint32_t>(number));
  codec::Publish publish;
  publish.topic = topic;
  publish.qos = plan_.qos;
  publish.retain = true;
  publish.packet_id = TakePacketId(publishing, number, now_ns, is_message);
  std::vector<uint8_t> properties;
  if (is_message) {
    stored_payload_ = PayloadOf(PublisherOf(peer), number, now_ns);
    properties = StampStored(
        {.run = plan_.run, .publisher = PublisherOf(peer), .sequence = number, .due_ns = now_ns},
        stored_payload_);
    publish.payload = stored_payload_;
    publish.properties = {.bytes = properties};
  }
  if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
  const uint64_t before = publishing.written_bytes + peer.unwritten_bytes();
  AppendPacket(publish, plan_.version, peer.output);
  if (!is_message) return;
  const uint64_t end = publishing.written_bytes + peer.unwritten_bytes();
  publishing.unwritten.push_back({.end_bytes = end,
                                  .sequence = number,
                                  .due_ns = now_ns,
                                  .each_bytes = static_cast<uint32_t>(end - before),
                                  .count = 1,
                                  .measured = true});
  ++findings_.by_publisher[PublisherOf(peer)];
  Bump(progress_.sent);
  ++second_.offered;
  ++findings_.offered;
}

void Worker::OnKept(Peer& peer, const codec::Publish& publish, const measure::Stamp& stamp,
                    int64_t now_ns) {
  Kept& kept = *peer.kept;
  if (!peer.role->Hears(peer.number, stamp.publisher)) {
    ++findings_.integrity.misrouted;
    return;
  }
  if (publish.qos != plan_.subscribe_qos.value_or(plan_.qos)) ++findings_.integrity.wrong_qos;
  measure::FlowVerdict verdict = measure::FlowVerdict::kInOrder;
  if (plan_.script == Script::kRetain) {
    const std::string& pattern = plan_.roles.front().topic;
    if (stamp.sequence >= kept.seen.size() || !IsTopicOf(publish.topic, pattern, stamp.sequence)) {
      ++findings_.integrity.misrouted;
      return;
    }
    if (!publish.retain) Complain("a retained message came without the RETAIN flag");
    if (kept.seen[stamp.sequence]) verdict = measure::FlowVerdict::kDuplicate;
    kept.seen[stamp.sequence] = true;
  } else if (plan_.script == Script::kWill) {
    if (kept.seen[stamp.publisher]) verdict = measure::FlowVerdict::kDuplicate;
    kept.seen[stamp.publisher] = true;
    OnWill(stamp.publisher, now_ns);
  } else {
    verdict = kept.flows[stamp.publisher].Observe(stamp.sequence);
    const bool is_late = verdict == measure::FlowVerdict::kReordered;
    if (is_late && peer.role->is_unordered) verdict = measure::FlowVerdict::kInOrder;
  }
  findings_.integrity.Add(verdict);
  ++second_.received;
  ++findings_.received;
  if (measures(now_ns)) ++findings_.received_meanwhile;
  const bool is_first =
      verdict == measure::FlowVerdict::kInOrder || verdict == measure::FlowVerdict::kReordered;
  if (!is_first) return;
  if (kept.arrived == 0) kept.first_ns = now_ns;
  kept.last_ns = now_ns;
  ++kept.arrived;
  if (kept.arrived == shared_.clockwork.kept_each.load(std::memory_order_relaxed)) ++complete_;
}

// When it is over: how long each has waited, and what never came.
void Worker::SumUpKept() {
  const uint64_t all = shared_.clockwork.kept_each.load(std::memory_order_relaxed);
  const bool is_permitted = plan_.subscribe_qos.value_or(plan_.qos) == Qos::kAtMostOnce;
  measure::IntegrityCounts& counts = findings_.integrity;
  for (const Peer& peer : peers_) {
    if (peer.role->duty != Duty::kKept) continue;
    const uint64_t arrived = peer.kept == nullptr ? 0 : peer.kept->arrived;
    (is_permitted ? counts.lost_permitted : counts.lost) += all - std::min(all, arrived);
    if (arrived == 0 || plan_.script == Script::kWill) continue;
    const Kept& kept = *peer.kept;
    findings_.first_message.Record(kept.first_ns - kept.asked_ns);
    if (arrived == all) findings_.last_message.Record(kept.last_ns - kept.asked_ns);
    findings_.kept.Extend({.begin_ns = kept.asked_ns, .end_ns = kept.last_ns, .busy = {}});
  }
}

}  // namespace ringmq::load
