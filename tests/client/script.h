// A server played by the test, packet by packet, against a client::Core: no socket, no time.
//
//   Script server;
//   server.Connect();                       // transport up, CONNECT read, CONNACK given
//   server.core.Publish(...); server.Turn();
//   EXPECT_EQ(server.TakePublish().topic, "a");
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client/core.h"
#include "client/text.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/filter_list.h"
#include "codec/limits.h"
#include "codec/properties.h"

namespace ringmq::client {

// Keeps what the client writes.
class MemorySink final : public codec::FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    bytes.resize(bytes.size() + size_bytes);
    return bytes.data() + bytes.size() - size_bytes;
  }
  void AppendPayload(const codec::MessageRef& message) override {
    bytes.insert(bytes.end(), message.payload().begin(), message.payload().end());
  }
  [[nodiscard]] size_t pending_bytes() const override { return full ? size_t{1} << 30 : 0; }

  std::vector<uint8_t> bytes;
  bool full = false;
};

// Keeps what the user acknowledges.
class ListAckSink final : public AckSink {
 public:
  void Send(uint64_t ticket, ReasonCode reason) noexcept override {
    sent.emplace_back(ticket, reason);
  }
  void Unused(uint64_t ticket) noexcept override { unused.push_back(ticket); }
  void Release(uint64_t ticket) noexcept override { released.push_back(ticket); }

  std::vector<std::pair<uint64_t, ReasonCode>> sent;
  std::vector<uint64_t> unused;
  std::vector<uint64_t> released;
};

struct SentPacket {
  PacketType type = PacketType::kConnect;
  uint8_t flags = 0;
  std::vector<uint8_t> body;
  size_t size_bytes = 0;
};

struct SentPublish {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  codec::PacketId id = 0;
  uint16_t alias = 0;
  std::optional<uint32_t> expiry_s;
};

class Script {
 public:
  explicit Script(Options with = {}) : options(std::move(with)) { Begin(); }
  ~Script() { End(); }

  void Begin() {
    attention = new Attention;
    acks = new ListAckSink;
    core = std::make_unique<Core>(options, *attention, *acks, 7, Duration{});
  }
  void End() {
    if (core == nullptr) return;
    core->BeginBatch();
    core->Shutdown();
    core.reset();
    attention->Unref();
    Unref(acks);
  }

  // --- The connection.

  // Up to and including CONNECT.
  codec::Connect Greet() {
    sink = std::make_unique<MemorySink>();
    written = 0;
    read = 0;
    EXPECT_TRUE(core->OnTransportUp(*sink, options.username, options.password, now));
    connect = Take();
    EXPECT_EQ(connect.type, PacketType::kConnect);
    const auto packet = codec::DecodeConnect(connect.body);
    EXPECT_TRUE(packet.ok());
    return *packet;
  }
  void Connect(const codec::Connack& connack = {}) {
    Greet();
    Give(PacketType::kConnack, connack);
  }
  Core::Ending Drop() {
    Core::Ending ending = core->OnTransportDown(Error(Errc::kConnectionLost));
    sink.reset();
    Turn();
    return ending;
  }
  // A turn of the loop without anything new.
  void Turn() { core->Flush(now); }
  void Pass(Duration time) {
    now = now + time;
    core->OnTimer(now);
    Turn();
  }

  // --- From the server.

  template <typename Packet>
  void Give(PacketType type, const Packet& packet, uint8_t flags = 0) {
    std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, options.version));
    codec::Encode(packet, options.version, bytes);
    GiveBytes(bytes);
    static_cast<void>(type);
    static_cast<void>(flags);
  }
  void GiveBytes(const std::vector<uint8_t>& bytes) {
    frames.push_back(bytes);
    const codec::Bytes view = frames.back();
    const codec::FrameParse parse =
        codec::ParseFrame(view, options.incoming_packet_bytes_max, options.version);
    if (parse.status != codec::FrameStatus::kFrame) {
      core->OnBadFrame(parse, now);
    } else {
      core->OnFrame({.head = parse.head, .body = view.subspan(parse.head.header_size_bytes)}, now);
    }
    Turn();
  }
  void GiveAck(PacketType type, codec::PacketId id, ReasonCode reason = ReasonCode::kSuccess) {
    Give(type, codec::TypedAck{.type = type, .ack = {.packet_id = id, .reason = reason}});
  }
  void GiveSuback(codec::PacketId id, std::vector<ReasonCode> reasons) {
    codec::Suback suback;
    suback.packet_id = id;
    suback.reasons = reasons;
    Give(PacketType::kSuback, suback);
  }
  void GiveUnsuback(codec::PacketId id, std::vector<ReasonCode> reasons) {
    codec::Unsuback unsuback;
    unsuback.packet_id = id;
    unsuback.reasons = reasons;
    Give(PacketType::kUnsuback, unsuback);
  }
  void GivePublish(const codec::Publish& publish) { Give(PacketType::kPublish, publish); }

  // --- What the client has written.

  [[nodiscard]] bool Silent() const { return sink == nullptr || read == sink->bytes.size(); }
  SentPacket Take() {
    EXPECT_FALSE(Silent()) << "the client has written nothing";
    if (Silent()) return {};
    const codec::Bytes rest = codec::Bytes(sink->bytes).subspan(read);
    const codec::FrameParse parse = codec::ParseFrame(rest, codec::kPacketSizeBytesMax);
    EXPECT_EQ(parse.status, codec::FrameStatus::kFrame);
    const codec::Bytes body =
        rest.subspan(parse.head.header_size_bytes, parse.head.remaining_size_bytes);
    read += parse.head.size_bytes();
    return {.type = parse.head.type,
            .flags = parse.head.flags,
            .body = {body.begin(), body.end()},
            .size_bytes = parse.head.size_bytes()};
  }
  SentPublish TakePublish() {
    last = Take();
    EXPECT_EQ(last.type, PacketType::kPublish);
    const auto packet = codec::DecodePublish(last.flags, last.body, options.version);
    EXPECT_TRUE(packet.ok());
    if (!packet.ok()) return {};
    return {.topic = std::string(packet->topic),
            .payload = std::string(AsText(packet->payload)),
            .qos = packet->qos,
            .dup = packet->dup,
            .retain = packet->retain,
            .id = packet->packet_id,
            .alias = packet->topic_alias,
            .expiry_s = packet->message_expiry_s};
  }
  codec::Ack TakeAck(PacketType type) {
    last = Take();
    EXPECT_EQ(last.type, type);
    const auto ack = codec::DecodeAck(type, last.body, options.version);
    EXPECT_TRUE(ack.ok());
    return ack.ok() ? *ack : codec::Ack{};
  }
  // The filters of the next SUBSCRIBE or UNSUBSCRIBE; its packet identifier is in last_id.
  std::vector<std::string> TakeSubscribe() {
    last = Take();
    EXPECT_EQ(last.type, PacketType::kSubscribe);
    const auto packet = codec::DecodeSubscribe(last.body, options.version);
    EXPECT_TRUE(packet.ok());
    std::vector<std::string> filters;
    if (!packet.ok()) return filters;
    last_id = packet->packet_id;
    for (const codec::Subscription& one : codec::SubscribeFilters(*packet, options.version)) {
      filters.emplace_back(one.filter);
    }
    return filters;
  }
  // Of the packet taken last, a SUBSCRIBE, UNSUBSCRIBE or DISCONNECT of 5.0.
  [[nodiscard]] UserProperties LastUserProperties() const {
    codec::PropertyList list;
    if (last.type == PacketType::kSubscribe) {
      list = codec::DecodeSubscribe(last.body, options.version)->properties;
    } else if (last.type == PacketType::kUnsubscribe) {
      list = codec::DecodeUnsubscribe(last.body, options.version)->properties;
    } else {
      list = codec::DecodeDisconnect(last.body, options.version)->properties;
    }
    UserProperties found;
    codec::PropertyReader reader(list);
    codec::Property one;
    while (reader.Next(one)) {
      if (one.id == codec::PropertyId::kUserProperty) found.emplace_back(one.name, one.text);
    }
    return found;
  }
  codec::Disconnect TakeDisconnect() {
    last = Take();
    EXPECT_EQ(last.type, PacketType::kDisconnect);
    const auto packet = codec::DecodeDisconnect(last.body, options.version);
    EXPECT_TRUE(packet.ok());
    return packet.ok() ? *packet : codec::Disconnect{};
  }

  // --- What the user does and sees.

  PublishHandle Publish(std::string_view topic, std::string_view payload,
                        Qos qos = Qos::kAtLeastOnce, Instant expires = Instant::Max()) {
    auto [promise, handle] = MakePending<Delivery>(*attention);
    core->Publish(
        {codec::MessageRef::Make(
             {.topic = topic, .payload = AsBytes(payload), .qos = qos, .expires = expires}),
         std::move(promise)});
    Turn();
    return handle;
  }
  SubscribeHandle Subscribe(const std::string& filter, Qos qos = Qos::kAtLeastOnce,
                            const UserProperties& user_properties = {}) {
    auto [promise, handle] = MakePending<SubscribeResult>(*attention);
    SubscribeCall call;
    call.user_properties = user_properties;
    call.requests.push_back({.filter = filter, .qos = qos});
    call.promise = std::move(promise);
    core->Subscribe(std::move(call));
    Turn();
    return handle;
  }
  SubscribeHandle Unsubscribe(const std::string& filter,
                              const UserProperties& user_properties = {}) {
    auto [promise, handle] = MakePending<SubscribeResult>(*attention);
    SubscribeCall call;
    call.user_properties = user_properties;
    call.requests.push_back({.filter = filter});
    call.unsubscribe = true;
    call.promise = std::move(promise);
    core->Subscribe(std::move(call));
    Turn();
    return handle;
  }
  PublishHandle Disconnect(Duration drain_for, const DisconnectOptions& with = {}) {
    auto [promise, handle] = MakePending<Delivery>(*attention);
    DisconnectCall call;
    call.options = with;
    call.deadline = now + drain_for;
    call.promise = std::move(promise);
    core->Disconnect(std::move(call));
    Turn();
    return handle;
  }
  // Names of the events since the last call; the batch ends.
  std::vector<std::string> Events() {
    std::vector<std::string> names;
    for (const Event& event : core->events()) names.emplace_back(NameOf(event));
    NextBatch();
    return names;
  }
  void NextBatch() {
    core->BeginBatch();
    Turn();
  }
  template <typename T>
  T* Find() {
    for (Event& event : core->events()) {
      if (T* content = event.get<T>(); content != nullptr) return content;
    }
    return nullptr;
  }
  static Outcome OutcomeOf(const PublishHandle& handle) {
    const auto delivery = handle.Poll();
    EXPECT_TRUE(delivery.has_value()) << "not resolved";
    return delivery.has_value() ? delivery->outcome : Outcome::kInvalid;
  }

  Options options;
  Attention* attention = nullptr;
  ListAckSink* acks = nullptr;
  std::unique_ptr<Core> core;
  std::unique_ptr<MemorySink> sink;
  Instant now = Instant{} + 1000 * kSecond;
  SentPacket connect;
  SentPacket last;
  codec::PacketId last_id = 0;
  size_t read = 0;
  size_t written = 0;
  std::deque<std::vector<uint8_t>> frames;  // Views of events look into them.
};

}  // namespace ringmq::client
