// A server on a real loopback socket, pumped by the test between two polls of the loop.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/resolver.h"
#include "client/text.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "codec/limits.h"
#include "reactor/listen.h"
#include "ringmq/client.h"

namespace ringmq::client {

// ctest runs these tests once for each.
inline IoEngine EngineUnderTest() {
  const char* const name = std::getenv("RINGMQ_TEST_IO");
  return name != nullptr && std::string_view(name) == "epoll" ? IoEngine::kEpoll : IoEngine::kAuto;
}

class Peer {
 public:
  Peer() : listener_(*reactor::ListenTcp("127.0.0.1", 0)) {}
  explicit Peer(const Address& address)
      : listener_(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const auto* const name = reinterpret_cast<const sockaddr*>(&address.storage);
    EXPECT_EQ(bind(listener_, name, address.size_bytes), 0);
    EXPECT_EQ(listen(listener_, 10), 0);
  }
  ~Peer() {
    Drop();
    close(listener_);
  }

  [[nodiscard]] uint16_t port() const { return reactor::LocalPort(listener_); }
  [[nodiscard]] Options OptionsForIt() const {
    Options options;
    options.servers.push_back({.host = "127.0.0.1", .port = port()});
    options.io = EngineUnderTest();
    options.backoff = {.first = std::chrono::milliseconds(1), .cap = std::chrono::milliseconds(2)};
    return options;
  }

  // Accepts, reads, answers: CONNECT with CONNACK, PUBLISH with PUBACK, and so on.
  void Pump() {
    if (fd_ < 0) {
      fd_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd_ < 0) return;
      ++connections;
      input_.clear();
    }
    uint8_t buffer[65536];
    bool ended = false;
    while (reads) {
      const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
      ended = count == 0;
      if (count <= 0) break;
      input_.insert(input_.end(), buffer, buffer + count);
    }
    while (Answer()) {
    }
    if (ended) Drop();
  }
  // Ends the connection.
  void Drop() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void Send(std::string_view bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // As much as fits.
  size_t TrySend(std::string_view bytes) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return count > 0 ? static_cast<size_t>(count) : 0;
  }
  template <typename Packet>
  void Give(const Packet& packet) {
    std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, version));
    codec::Encode(packet, version, bytes);
    Send(AsText(bytes));
  }

  ProtocolVersion version = ProtocolVersion::kV5;
  codec::Connack connack;
  std::optional<codec::Publish> kept;  // Follows each CONNACK.
  int connections = 0;
  int publishes = 0;
  int disconnects = 0;
  int pings = 0;
  std::vector<std::pair<codec::PacketId, ReasonCode>> acks;  // Every PUBACK.
  std::string username;                                      // Of the last CONNECT.
  bool reads = true;
  bool acknowledges = true;
  std::string raw_expected;  // Taken off the stream before any MQTT, then `raw_answer` goes back.
  std::string raw_answer;

 private:
  bool Answer() {
    if (!raw_expected.empty()) {
      if (input_.size() < raw_expected.size()) return false;
      EXPECT_EQ(AsText(codec::Bytes(input_).first(raw_expected.size())), raw_expected);
      input_.erase(input_.begin(), input_.begin() + static_cast<ptrdiff_t>(raw_expected.size()));
      raw_expected.clear();
      Send(raw_answer);
    }
    const codec::FrameParse parse = codec::ParseFrame(input_, codec::kPacketSizeBytesMax);
    if (parse.status != codec::FrameStatus::kFrame) return false;
    const codec::Bytes body =
        codec::Bytes(input_).subspan(parse.head.header_size_bytes, parse.head.remaining_size_bytes);
    switch (parse.head.type) {
      case PacketType::kConnect:
        if (const auto connect = codec::DecodeConnect(body); connect.ok()) {
          username = connect->username;
        }
        Give(connack);
        if (kept.has_value()) Give(*kept);
        break;
      case PacketType::kPublish:
        ++publishes;
        if (const auto publish = codec::DecodePublish(parse.head.flags, body, version);
            acknowledges && publish->qos == Qos::kAtLeastOnce) {
          Give(codec::TypedAck{.type = PacketType::kPuback, .ack = {publish->packet_id}});
        }
        break;
      case PacketType::kPuback:
        if (const auto ack = codec::DecodeAck(parse.head.type, body, version); ack.ok()) {
          acks.emplace_back(ack->packet_id, ack->reason);
        }
        break;
      case PacketType::kDisconnect:
        ++disconnects;
        break;
      case PacketType::kPingreq:
        ++pings;
        Send(std::string_view("\xd0\x00", 2));
        break;
      default:
        break;
    }
    input_.erase(input_.begin(), input_.begin() + parse.head.size_bytes());
    return true;
  }

  const int listener_;
  int fd_ = -1;
  std::vector<uint8_t> input_;
};

}  // namespace ringmq::client
