// A broker in this process and MQTT 5 clients of the test's own on real sockets.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "ringmq/broker.h"

namespace ringmq::testing_support {

inline BrokerOptions OnePort(uint32_t threads = 2) {
  BrokerOptions options;
  options.listeners = {{.port = 0}};
  options.threads = threads;
  options.sys_interval_s = 0;
  return options;
}

inline Broker StartOrDie(BrokerOptions options) {
  auto broker = Broker::Start(std::move(options));
  if (!broker) {
    std::fprintf(stderr, "%s\n", broker.error().detail().c_str());
    std::abort();
  }
  return *std::move(broker);
}

inline codec::Bytes BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

struct Received {
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
};

// Blocking, gives up after ten seconds. Acknowledges what it reads.
class Peer {
 public:
  Peer(uint16_t port, std::string_view client_id, std::string_view username = {},
       std::string_view password = {})
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    const int one = 1;
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    codec::Connect packet;
    packet.version = ProtocolVersion::kV5;
    packet.client_id = client_id;
    packet.has_username = !username.empty();
    packet.username = username;
    packet.has_password = !password.empty();
    packet.password = BytesOf(password);
    Send(packet);
    const auto connack = Read(PacketType::kConnack);
    if (connack.empty()) return;
    const auto decoded = codec::DecodeConnack(connack, ProtocolVersion::kV5, limits());
    if (decoded.ok()) connack_ = static_cast<uint8_t>(decoded->reason);
  }
  ~Peer() { close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Its reason; -1: none came.
  [[nodiscard]] int connack() const { return connack_; }

  // Returns the SUBACK's reason.
  int Subscribe(std::string_view filter, int qos) {
    std::vector<uint8_t> filters;
    codec::AppendSubscription(filter, {.qos = static_cast<Qos>(qos)}, ProtocolVersion::kV5,
                              filters);
    codec::Subscribe packet;
    packet.packet_id = ++last_id_;
    packet.filters = filters;
    packet.filter_count = 1;
    Send(packet);
    const auto body = Read(PacketType::kSuback);
    return body.empty() ? -1 : body.back();
  }
  int Unsubscribe(std::string_view filter) {
    std::vector<uint8_t> filters;
    codec::AppendFilter(filter, filters);
    codec::Unsubscribe packet;
    packet.packet_id = ++last_id_;
    packet.filters = filters;
    packet.filter_count = 1;
    Send(packet);
    const auto body = Read(PacketType::kUnsuback);
    return body.empty() ? -1 : body.back();
  }
  // Through the whole flow. Returns the reason of PUBACK or PUBREC.
  int Publish(std::string_view topic, std::string_view payload, int qos, bool retain = false) {
    codec::Publish packet;
    packet.topic = topic;
    packet.payload = BytesOf(payload);
    packet.qos = static_cast<Qos>(qos);
    packet.retain = retain;
    packet.packet_id = qos > 0 ? ++last_id_ : codec::PacketId{0};
    Send(packet);
    if (qos == 0) return 0;
    const auto type = qos == 1 ? PacketType::kPuback : PacketType::kPubrec;
    const auto body = Read(type);
    const auto ack = codec::DecodeAck(type, body, ProtocolVersion::kV5, limits());
    if (!ack.ok()) return -1;
    if (qos == 2 && !IsFailure(ack->reason)) {
      Send(codec::TypedAck{PacketType::kPubrel, {.packet_id = ack->packet_id}});
      Read(PacketType::kPubcomp);
    }
    return static_cast<int>(ack->reason);
  }
  Received ReadPublish() {
    if (publishes_.empty()) Read(PacketType::kPublish);
    if (publishes_.empty()) return {};
    Received first = std::move(publishes_.front());
    publishes_.erase(publishes_.begin());
    return first;
  }
  // The reason of the server's DISCONNECT; -1: it closed without a word.
  int ReadDisconnect() {
    if (goodbye_ < 0) Read(PacketType::kDisconnect);
    return goodbye_;
  }
  void Disconnect(ReasonCode reason = ReasonCode::kSuccess) {
    codec::Disconnect packet;
    packet.reason = reason;
    Send(packet);
  }

 private:
  static codec::DecodeLimits limits() { return {.sender = codec::Peer::kServer}; }

  template <typename Packet>
  void Send(const Packet& packet) {
    std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, ProtocolVersion::kV5));
    codec::Encode(packet, ProtocolVersion::kV5, bytes);
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t size = send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) return;  // The server is gone; reading tells.
      sent += static_cast<size_t>(size);
    }
  }

  // Reads until a packet of this type has come; returns its body. Empty: the end, or nothing came.
  std::vector<uint8_t> Read(PacketType wanted) {
    while (true) {
      const codec::FrameParse frame = codec::ParseFrame(received_, 1 << 28);
      if (frame.status == codec::FrameStatus::kFrame) {
        std::vector<uint8_t> body = Take(frame.head);
        if (frame.head.type == wanted) return body;
        continue;
      }
      uint8_t chunk[65536];
      const ssize_t size = recv(fd_, chunk, sizeof(chunk), 0);
      if (size <= 0) return {};
      received_.insert(received_.end(), chunk, chunk + size);
    }
  }

  std::vector<uint8_t> Take(const codec::FrameHead& head) {
    std::vector<uint8_t> body(received_.begin() + head.header_size_bytes,
                              received_.begin() + static_cast<ptrdiff_t>(head.size_bytes()));
    received_.erase(received_.begin(),
                    received_.begin() + static_cast<ptrdiff_t>(head.size_bytes()));
    if (head.type == PacketType::kPublish) OnPublish(head.flags, body);
    if (head.type == PacketType::kPubrel) {
      const auto ack = codec::DecodeAck(head.type, body, ProtocolVersion::kV5, limits());
      Send(codec::TypedAck{PacketType::kPubcomp, {.packet_id = ack->packet_id}});
    }
    if (head.type == PacketType::kDisconnect) {
      const auto goodbye = codec::DecodeDisconnect(body, ProtocolVersion::kV5, limits());
      goodbye_ = static_cast<int>(goodbye->reason);
    }
    return body;
  }

  void OnPublish(uint8_t flags, const std::vector<uint8_t>& body) {
    const auto publish = codec::DecodePublish(flags, body, ProtocolVersion::kV5, limits());
    ASSERT_TRUE(publish.ok());
    publishes_.push_back({.topic = std::string(publish->topic),
                          .payload = std::string(publish->payload.begin(), publish->payload.end()),
                          .qos = publish->qos,
                          .retain = publish->retain});
    if (publish->qos == Qos::kAtMostOnce) return;
    Send(codec::TypedAck{
        publish->qos == Qos::kAtLeastOnce ? PacketType::kPuback : PacketType::kPubrec,
        {.packet_id = publish->packet_id}});
  }

  const int fd_;
  std::vector<uint8_t> received_;
  std::vector<Received> publishes_;
  codec::PacketId last_id_ = 0;
  int connack_ = -1;
  int goodbye_ = -1;
};

}  // namespace ringmq::testing_support
