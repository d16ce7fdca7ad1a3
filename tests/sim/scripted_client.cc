// SPDX-License-Identifier: Apache-2.0
#include "sim/scripted_client.h"

#include <fmt/format.h>

#include "base/check.h"
#include "codec/decode.h"
#include "codec/framer.h"

namespace ringmq::sim {
namespace {

codec::Bytes AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

Heard HearPublish(uint8_t flags, codec::Bytes body, ProtocolVersion version) {
  const auto publish = codec::DecodePublish(flags, body, version, {.sender = codec::Peer::kServer});
  RMQ_CHECK(publish.ok());
  return {.type = PacketType::kPublish,
          .topic = std::string(publish->topic),
          .payload = std::string(publish->payload.begin(), publish->payload.end()),
          .qos = publish->qos,
          .dup = publish->dup,
          .retain = publish->retain,
          .packet_id = publish->packet_id};
}

Heard Hear(const codec::FrameHead& head, codec::Bytes body, ProtocolVersion version) {
  const codec::DecodeLimits limits{.sender = codec::Peer::kServer};
  Heard heard;
  heard.type = head.type;
  if (head.type == PacketType::kPublish) return HearPublish(head.flags, body, version);
  if (head.type == PacketType::kConnack) {
    const auto connack = codec::DecodeConnack(body, version, limits);
    RMQ_CHECK(connack.ok());
    heard.reason = connack->reason;
    heard.session_present = connack->session_present;
  } else if (head.type == PacketType::kDisconnect) {
    const auto disconnect = codec::DecodeDisconnect(body, version, limits);
    RMQ_CHECK(disconnect.ok());
    heard.reason = disconnect->reason;
  } else if (head.type == PacketType::kPuback || head.type == PacketType::kPubrec ||
             head.type == PacketType::kPubrel || head.type == PacketType::kPubcomp) {
    const auto ack = codec::DecodeAck(head.type, body, version, limits);
    RMQ_CHECK(ack.ok());
    heard.reason = ack->reason;
    heard.packet_id = ack->packet_id;
  }
  return heard;
}

}  // namespace

std::string ClientIdAt(const Cluster& cluster, broker::CoreId core, int n) {
  for (int i = 0;; ++i) {
    std::string id = fmt::format("client-{}", i);
    if (cluster.HomeOf(id) == core && n-- == 0) return id;
  }
}

ScriptedClient::ScriptedClient(Cluster& cluster, broker::CoreId core, std::string client_id,
                               ProtocolVersion version)
    : cluster_(cluster),
      client_id_(std::move(client_id)),
      version_(version),
      stream_(cluster.network.ConnectTo(core)) {}

template <typename Packet>
void ScriptedClient::Append(const Packet& packet) {
  const size_t held = output_.size();
  output_.resize(held + codec::EncodedSizeBytes(packet, version_));
  codec::Encode(packet, version_, std::span(output_).subspan(held));
  Pump();
}

void ScriptedClient::Pump() {
  const size_t sent = cluster_.network.Send(stream_, output_);
  output_.erase(output_.begin(), output_.begin() + static_cast<ptrdiff_t>(sent));
  const std::vector<uint8_t> bytes = cluster_.network.Receive(stream_, SIZE_MAX);
  input_.insert(input_.end(), bytes.begin(), bytes.end());
}

void ScriptedClient::SendConnect(bool clean_start, uint32_t session_expiry_s,
                                 std::optional<codec::Will> will) {
  codec::Connect connect{.version = version_, .clean_start = clean_start};
  connect.client_id = client_id_;
  connect.session_expiry_s = session_expiry_s;
  connect.has_will = will.has_value();
  if (will.has_value()) connect.will = *will;
  Append(connect);
}

void ScriptedClient::SendSubscribe(std::string_view filter, Qos qos) {
  std::vector<uint8_t> filters;
  codec::AppendSubscription(filter, {.qos = qos}, version_, filters);
  codec::Subscribe subscribe{.packet_id = next_packet_id_++};
  subscribe.filters = filters;
  subscribe.filter_count = 1;
  Append(subscribe);
}

void ScriptedClient::SendUnsubscribe(std::string_view filter) {
  std::vector<uint8_t> filters;
  codec::AppendFilter(filter, filters);
  codec::Unsubscribe unsubscribe{.packet_id = next_packet_id_++};
  unsubscribe.filters = filters;
  unsubscribe.filter_count = 1;
  Append(unsubscribe);
}

void ScriptedClient::SendPublish(std::string_view topic, std::string_view payload, Qos qos,
                                 bool retain) {
  codec::Publish publish{.topic = topic, .payload = AsBytes(payload), .qos = qos, .retain = retain};
  if (qos != Qos::kAtMostOnce) publish.packet_id = next_packet_id_++;
  Append(publish);
}

void ScriptedClient::SendAck(PacketType type, uint16_t packet_id) {
  Append(codec::TypedAck{type, {.packet_id = packet_id}});
}

void ScriptedClient::SendPing() {
  output_.insert(output_.end(), std::begin(codec::kPingreqFrame), std::end(codec::kPingreqFrame));
  Pump();
}

std::optional<Heard> ScriptedClient::Take() {
  const codec::FrameParse frame = codec::ParseFrame(input_, codec::kPacketSizeBytesMax, version_);
  if (frame.status != codec::FrameStatus::kFrame) return std::nullopt;
  Heard heard = Hear(
      frame.head,
      codec::Bytes(input_).subspan(frame.head.header_size_bytes, frame.head.remaining_size_bytes),
      version_);
  input_.erase(input_.begin(), input_.begin() + frame.head.size_bytes());
  return heard;
}

std::optional<Heard> ScriptedClient::Await(Duration time_max) {
  std::optional<Heard> heard = Take();
  (void)cluster_.RunFor(time_max, [&] {
    if (heard.has_value()) return true;
    Pump();
    heard = Take();
    return heard.has_value();
  });
  return heard;
}

Heard ScriptedClient::Expect(PacketType type) {
  const std::optional<Heard> heard = Await();
  RMQ_CHECK(heard.has_value());
  RMQ_CHECK(heard->type == type);
  return *heard;
}

void ScriptedClient::Connected(bool clean_start, uint32_t session_expiry_s) {
  SendConnect(clean_start, session_expiry_s);
  RMQ_CHECK(Expect(PacketType::kConnack).reason == ReasonCode::kSuccess);
}

void ScriptedClient::Subscribed(std::string_view filter, Qos qos) {
  SendSubscribe(filter, qos);
  (void)Expect(PacketType::kSuback);
}

bool ScriptedClient::AwaitEnd() {
  return cluster_.RunFor(20 * kSecond, [&] {
    Pump();
    return cluster_.network.Ended(stream_);
  });
}

}  // namespace ringmq::sim
