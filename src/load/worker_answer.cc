// Request and response: what a responder does with a request, a requester with an answer.
//
// With MQTT 5 a request says where the answer is wanted and carries a name that comes back. Before
// that the answer goes to the request's topic and "/answer".
//
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "codec/properties.h"
#include "load/packet_bytes.h"
#include "load/worker.h"

namespace ringmq::load {
void Worker::Answer(Peer& peer, const codec::Publish& request) {
  const std::string topic = request.has_response_topic
                                ? std::string(request.response_topic)
                                : absl::StrCat(std::string(request.topic), kAnswerSuffix);
  std::vector<uint8_t> properties;
  if (const auto name = CorrelationOf(request.properties); !name.empty()) {
    codec::PropertyWriter(properties).Binary(codec::PropertyId::kCorrelationData, name);
  }
  codec::Publish answer;
  answer.topic = topic;
  answer.payload = request.payload;
  answer.qos = plan_.qos;
  answer.packet_id = plan_.qos == Qos::kAtMostOnce ? 0 : 1;
  answer.properties = {.bytes = properties};
  if (plan_.qos == Qos::kAtMostOnce) {
    if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
    AppendPacket(answer, plan_.version, peer.output);
    return;
  }
  Answering::Waiting waiting;
  AppendPacket(answer, plan_.version, waiting.packet);
  const codec::Varint remaining = codec::DecodeVarint(std::span(waiting.packet).subspan(1));
  waiting.packet_id_offset = 1u + remaining.size_bytes + sizeof(uint16_t) + topic.size();
  peer.answering->waiting.push_back(std::move(waiting));
  AnswerWaiting(peer);
}

// As many as the broker takes unacknowledged.
void Worker::AnswerWaiting(Peer& peer) {
  Answering& answering = *peer.answering;
  while (!answering.waiting.empty() && answering.unacked_count < answering.used.size()) {
    do {
      answering.last_packet_id = answering.last_packet_id >= answering.used.size()
                                     ? 1
                                     : static_cast<uint16_t>(answering.last_packet_id + 1);
    } while (answering.used[answering.last_packet_id - 1]);
    answering.used[answering.last_packet_id - 1] = true;
    ++answering.unacked_count;
    Answering::Waiting& front = answering.waiting.front();
    front.packet[front.packet_id_offset] = static_cast<uint8_t>(answering.last_packet_id >> 8);
    front.packet[front.packet_id_offset + 1] = static_cast<uint8_t>(answering.last_packet_id);
    if (peer.output.empty()) dirty_.push_back(IndexOf(peer));
    peer.output.insert(peer.output.end(), front.packet.begin(), front.packet.end());
    if (HasSession(peer)) {
      answering.unacked[answering.last_packet_id] = {
          .number = answering.sent++, .packet = std::move(front.packet), .is_released = false};
    }
    answering.waiting.pop_front();
  }
}

void Worker::OnAnswerAck(Peer& peer, uint16_t id) {
  Answering& answering = *peer.answering;
  if (id == 0 || id > answering.used.size() || !answering.used[id - 1]) {
    Fail(peer, absl::StrCat("an acknowledgement of ", id, ", which is not in flight"));
    return;
  }
  answering.used[id - 1] = false;
  answering.unacked.erase(id);
  --answering.unacked_count;
  AnswerWaiting(peer);
}

// The name has to be that of the request whose payload came back. Where the stamp is the name, or
// the other way round, there is nothing to compare.
void Worker::OnAnswer(Peer& peer, const codec::Publish& answer, const measure::Stamp& stamp,
                      measure::FlowVerdict verdict) {
  const bool is_new =
      verdict == measure::FlowVerdict::kInOrder || verdict == measure::FlowVerdict::kReordered;
  if (is_new) ++peer.publishing->answered;
  if (plan_.CorrelationBytes() == 0 || plan_.stamp_place != StampPlace::kPayload) return;
  const auto name = CorrelationOf(answer.properties);
  const bool fits = name.size() == sizeof(stamp.sequence) &&
                    std::memcmp(name.data(), &stamp.sequence, name.size()) == 0;
  if (!fits) ++findings_.integrity.corrupt;
}

}  // namespace ringmq::load
