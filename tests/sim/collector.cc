// SPDX-License-Identifier: Apache-2.0
#include "sim/collector.h"

#include "base/check.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"

namespace ringmq::sim {
namespace {

constexpr Duration kPause = kMillisecond;
constexpr auto kVersion = ProtocolVersion::kV311;

template <typename Packet>
void Append(const Packet& packet, std::vector<uint8_t>& out) {
  const size_t held = out.size();
  out.resize(held + codec::EncodedSizeBytes(packet, kVersion));
  codec::Encode(packet, kVersion, std::span(out).subspan(held));
}

}  // namespace

Collector::Collector(World& world, Cluster& cluster, std::string_view client_id,
                     std::string_view filter)
    : world_(world),
      cluster_(cluster),
      stream_(*cluster.network.Connect()),
      next_action_(world.now) {
  std::vector<uint8_t> bytes;
  codec::Connect connect;
  connect.client_id = client_id;
  Append(connect, bytes);
  std::vector<uint8_t> filters;
  codec::AppendSubscription(filter, {}, kVersion, filters);
  codec::Subscribe subscribe{.packet_id = 1};
  subscribe.filters = filters;
  subscribe.filter_count = 1;
  Append(subscribe, bytes);
  RMQ_CHECK(cluster_.network.Send(stream_, bytes) == bytes.size());
}

void Collector::Act() {
  next_action_ = world_.now + kPause;
  const std::vector<uint8_t> bytes = cluster_.network.Receive(stream_, SIZE_MAX);
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  while (true) {
    const codec::FrameParse frame = codec::ParseFrame(input_, codec::kPacketSizeBytesMax, kVersion);
    if (frame.status != codec::FrameStatus::kFrame) return;
    const codec::Bytes body =
        codec::Bytes(input_).subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes);
    if (frame.head.type == PacketType::kSuback) subscribed_ = true;
    if (frame.head.type == PacketType::kPublish) {
      const auto publish = codec::DecodePublish(frame.head.flags, body, kVersion);
      RMQ_CHECK(publish.ok());
      if (!publish->retain) world_.Fail("a retained message came without RETAIN");
      payloads_[std::string(publish->topic)].emplace_back(publish->payload.begin(),
                                                          publish->payload.end());
    }
    input_.erase(input_.begin(), input_.begin() + frame.head.size_bytes());
  }
}

void Collector::Leave() { cluster_.network.CloseClient(stream_); }

}  // namespace ringmq::sim
