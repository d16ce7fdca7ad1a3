// The AUTH conversation (5.0 s4.12) through a whole broker in this process, with a method of the
// test's own: the client says its name, is sent a question, and must answer it.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"

namespace ringmq::broker {
namespace {

class SilentLog final : public Log {
 public:
  SilentLog() : Log(LogLevel::kError) {}

 protected:
  void Emit(LogLevel, std::string_view) override {}
};

class QuestionExchange final : public AuthExchange {
 public:
  [[nodiscard]] AuthStep Continue(std::string_view data) override {
    if (!asked_) {
      asked_ = true;
      name_ = std::string(data);
      return {.kind = AuthStepKind::kContinue, .data = "question", .username = {}};
    }
    if (data != "answer") return {};
    return {.kind = AuthStepKind::kSuccess, .data = "welcome", .username = name_};
  }

 private:
  bool asked_ = false;
  std::string name_;
};

class Question final : public AuthMethod {
 public:
  [[nodiscard]] std::string_view name() const override { return "QUESTION"; }
  [[nodiscard]] std::unique_ptr<AuthExchange> Begin(std::string_view,
                                                    std::string_view) const override {
    return std::make_unique<QuestionExchange>();
  }
};

codec::Bytes BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A blocking connection that gives up after ten seconds.
class Peer {
 public:
  explicit Peer(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    EXPECT_EQ(result, 0);
  }
  ~Peer() { close(fd_); }

  template <typename Packet>
  void Send(const Packet& packet) {
    std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, ProtocolVersion::kV5));
    codec::Encode(packet, ProtocolVersion::kV5, bytes);
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void Connect(std::string_view data) {
    codec::Connect connect;
    connect.version = ProtocolVersion::kV5;
    connect.client_id = "peer";
    connect.has_authentication_method = true;
    connect.authentication_method = "QUESTION";
    connect.authentication_data = BytesOf(data);
    Send(connect);
  }
  void Auth(ReasonCode reason, std::string_view data, std::string_view method = "QUESTION") {
    Send(codec::Auth{.reason = reason,
                     .method = method,
                     .data = BytesOf(data),
                     .reason_string = {},
                     .properties = {}});
  }

  // "type reason data", or "closed".
  std::string Read() {
    while (true) {
      const codec::FrameParse frame = codec::ParseFrame(received_, 1 << 20);
      if (frame.status == codec::FrameStatus::kFrame) return Take(frame.head);
      uint8_t chunk[512];
      const ssize_t size = recv(fd_, chunk, sizeof(chunk), 0);
      if (size <= 0) return "closed";
      received_.insert(received_.end(), chunk, chunk + size);
    }
  }

 private:
  std::string Take(const codec::FrameHead& head) {
    const std::vector<uint8_t> body(received_.begin() + head.header_size_bytes,
                                    received_.begin() + head.size_bytes());
    received_.erase(received_.begin(), received_.begin() + head.size_bytes());
    const codec::DecodeLimits limits{.sender = codec::Peer::kServer};
    const auto words = [](std::string_view type, ReasonCode reason, codec::Bytes data) {
      return std::string(type) + " " + std::to_string(static_cast<int>(reason)) + " " +
             std::string(data.begin(), data.end());
    };
    if (head.type == PacketType::kConnack) {
      const auto connack = codec::DecodeConnack(body, ProtocolVersion::kV5, limits);
      EXPECT_EQ(connack->authentication_method, IsFailure(connack->reason) ? "" : "QUESTION");
      return words("CONNACK", connack->reason, connack->authentication_data);
    }
    if (head.type == PacketType::kAuth) {
      const auto auth = codec::DecodeAuth(body, limits);
      EXPECT_EQ(auth->method, "QUESTION");  // [MQTT-4.12.0-5]
      return words("AUTH", auth->reason, auth->data);
    }
    if (head.type == PacketType::kDisconnect) {
      const auto goodbye = codec::DecodeDisconnect(body, ProtocolVersion::kV5, limits);
      return words("DISCONNECT", goodbye->reason, {});
    }
    return "packet " + std::to_string(static_cast<int>(head.type));
  }

  const int fd_;
  std::vector<uint8_t> received_;
};

class EnhancedAuthFlow : public testing::Test {
 protected:
  EnhancedAuthFlow() {
    methods_.Add(std::make_unique<Question>());
    config_.listeners[0].port = 0;
    config_.server.threads = 2;
    auto broker = Broker::Start(config_, log_, methods_);
    EXPECT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
  }

  SilentLog log_;
  AuthMethods methods_;
  Config config_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(EnhancedAuthFlow, SucceedsAfterQuestionAndAnswer) {  // [MQTT-4.12.0-2] [MQTT-4.12.0-3]
  Peer peer(broker_->ports()[0]);
  peer.Connect("ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Auth(ReasonCode::kContinueAuthentication, "answer");
  EXPECT_EQ(peer.Read(), "CONNACK 0 welcome");
  // Re-authentication on the open connection. 5.0 s4.12.1.
  peer.Auth(ReasonCode::kReauthenticate, "ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Auth(ReasonCode::kContinueAuthentication, "answer");
  EXPECT_EQ(peer.Read(), "AUTH 0 welcome");
  peer.Auth(ReasonCode::kReauthenticate, "ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Auth(ReasonCode::kContinueAuthentication, "wrong");
  EXPECT_EQ(peer.Read(), "DISCONNECT 135 ");  // [MQTT-4.12.1-2]
  EXPECT_EQ(peer.Read(), "closed");
}

TEST_F(EnhancedAuthFlow, AWrongAnswerIsRefused) {  // [MQTT-4.12.0-4]
  Peer peer(broker_->ports()[0]);
  peer.Connect("ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Auth(ReasonCode::kContinueAuthentication, "wrong");
  EXPECT_EQ(peer.Read(), "CONNACK 135 ");
  EXPECT_EQ(peer.Read(), "closed");
}

TEST_F(EnhancedAuthFlow, NothingButAuthBeforeConnack) {  // [MQTT-3.1.2-30]
  Peer peer(broker_->ports()[0]);
  peer.Connect("ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Send(codec::Publish{.topic = "a"});
  EXPECT_EQ(peer.Read(), "closed");
}

TEST_F(EnhancedAuthFlow, AnotherMethodInTheMiddleIsAProtocolError) {  // [MQTT-4.12.0-5]
  Peer peer(broker_->ports()[0]);
  peer.Connect("ann");
  EXPECT_EQ(peer.Read(), "AUTH 24 question");
  peer.Auth(ReasonCode::kContinueAuthentication, "answer", "OTHER");
  EXPECT_EQ(peer.Read(), "closed");
}

}  // namespace
}  // namespace ringmq::broker
