// What publishers with more than one topic send: each message names its own, or has the alias that
// stands for it.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.h"
#include "codec/varint.h"
#include "load/worker.h"

namespace ringmq::load {

// The first time on a connection the topic is named, with its alias if it has one. Aliases count
// from one. [MQTT-3.3.2-8]
Worker::Appended Worker::AppendToOneOfMany(Peer& peer, uint64_t sequence, size_t payload_bytes) {
  Publishing& publishing = *peer.publishing;
  Publishing::Variety& variety = *publishing.variety;
  const uint64_t topic = variety.pattern->TopicOf(plan_.seed, PublisherOf(peer), sequence);
  const bool has_alias = topic < variety.has_named.size();
  const bool is_brief = has_alias && variety.has_named[topic];
  const Publishing::Frame& frame = is_brief    ? publishing.brief
                                   : has_alias ? variety.naming
                                               : publishing.frame;
  if (!is_brief) variety.pattern->Name(peer.number, topic, topic_);
  const std::span<uint8_t> body = is_brief ? AppendFrame(frame, payload_bytes, peer.output)
                                           : AppendNamed(frame, payload_bytes, peer.output);
  if (has_alias) {
    variety.has_named[topic] = true;
    const uint64_t alias = topic + 1;
    body[frame.payload_offset - 2] = static_cast<uint8_t>(alias >> 8);
    body[frame.payload_offset - 1] = static_cast<uint8_t>(alias);
  }
  return {frame, body};
}

// The frame with topic_ for its own topic, which is not longer. Returns what the frame's offsets
// behind the topic count in.
std::span<uint8_t> Worker::AppendNamed(const Publishing::Frame& frame, size_t payload_bytes,
                                       std::vector<uint8_t>& out) const {
  RMQ_DCHECK(topic_.size() >= frame.topic_bytes);
  const size_t longer_bytes = topic_.size() - frame.topic_bytes;
  const size_t body_bytes = frame.payload_offset + longer_bytes + payload_bytes;
  uint8_t head[1 + codec::kVarintBytesMax + sizeof(uint16_t)] = {frame.bytes.front()};
  uint8_t* head_end = codec::EncodeVarint(static_cast<uint32_t>(body_bytes), head + 1);
  *head_end++ = static_cast<uint8_t>(topic_.size() >> 8);
  *head_end++ = static_cast<uint8_t>(topic_.size());
  out.insert(out.end(), static_cast<const uint8_t*>(head), static_cast<const uint8_t*>(head_end));
  out.insert(out.end(), topic_.begin(), topic_.end());
  const auto rest = frame.bytes.begin() + static_cast<ptrdiff_t>(frame.head_bytes);
  out.insert(out.end(), rest + static_cast<ptrdiff_t>(sizeof(uint16_t) + frame.topic_bytes),
             rest + static_cast<ptrdiff_t>(frame.payload_offset + payload_bytes));
  return std::span(out).last(body_bytes).subspan(longer_bytes);
}

}  // namespace ringmq::load
