// After warm-up the publish path takes nothing from the allocator at QoS 0, and one block per
// message (the message itself, shared by all receivers) at QoS 1 and 2.
//
// Method: a whole broker in this process with operator new counted, one publisher and two
// subscribers over real sockets; the test's own side uses fixed buffers while it counts.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "broker/broker.h"
#include "ringmq/broker.h"
#include "support/counting_allocator.h"

namespace ringmq::broker {
namespace {

class SilentLog final : public Log {
 public:
  SilentLog() : Log(LogLevel::kError) {}

 protected:
  void Emit(LogLevel, std::string_view) override {}
};

class Peer {
 public:
  Peer(uint16_t port, char name) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    const int one = 1;
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    Write(std::string("\x10\x0d\0\4MQTT\4\2\0\0\0\1", 14) + name);
    Read(4);
  }
  ~Peer() { close(fd_); }

  void Write(std::string_view bytes) const {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Reads exactly so much into the fixed buffer.
  const uint8_t* Read(size_t size_bytes) {
    size_t have = 0;
    while (have < size_bytes) {
      const ssize_t size = recv(fd_, buffer_.data() + have, size_bytes - have, 0);
      if (size <= 0) {
        ADD_FAILURE() << "nothing came";
        break;
      }
      have += static_cast<size_t>(size);
    }
    return buffer_.data();
  }

 private:
  const int fd_;
  std::array<uint8_t, 4096> buffer_{};
};

class Allocations : public testing::Test {
 protected:
  Allocations() {
    config_.listeners[0].port = 0;
    config_.server.threads = 1;
    config_.mqtt.sys_interval_s = 0;
    auto broker = Broker::Start(config_, log_, methods_);
    EXPECT_TRUE(broker.ok()) << broker.status();
    broker_ = *std::move(broker);
    for (auto* const peer : {&publisher_, &one_, &two_}) {
      *peer = std::make_unique<Peer>(broker_->ports()[0], static_cast<char>('a' + names_++));
    }
  }

  void Subscribe(char qos) {
    for (Peer* const peer : {one_.get(), two_.get()}) {
      peer->Write(std::string("\x82\6\0\1\0\1t", 7) + qos);
      peer->Read(5);
    }
  }

  // `count` messages, each through before the next.
  void RunQos0(int count) {
    for (int i = 0; i < count; ++i) {
      publisher_->Write({"\x30\7\0\1tabcd", 9});
      one_->Read(9);
      two_->Read(9);
    }
  }
  void RunQos1(int count) {
    for (int i = 0; i < count; ++i) {
      publisher_->Write({"\x32\x09\0\1t\0\7abcd", 11});
      publisher_->Read(4);
      for (Peer* const peer : {one_.get(), two_.get()}) {
        const uint8_t* const packet = peer->Read(11);
        const char ack[4] = {'\x40', 2, static_cast<char>(packet[5]), static_cast<char>(packet[6])};
        peer->Write({ack, 4});
      }
    }
  }

  SilentLog log_;
  AuthMethods methods_;
  Config config_;
  std::unique_ptr<Broker> broker_;
  std::unique_ptr<Peer> publisher_;
  std::unique_ptr<Peer> one_;
  std::unique_ptr<Peer> two_;
  int names_ = 0;
};

TEST_F(Allocations, Qos0TakesNothingAfterWarmUp) {
  Subscribe(0);
  RunQos0(200);
  const uint64_t before = support::AllocationCount();
  support::TraceAllocations(3);
  RunQos0(2000);
  support::TraceAllocations(0);
  EXPECT_EQ(support::AllocationCount() - before, 0u);
}

TEST_F(Allocations, Qos1TakesOneBlockAMessage) {
  Subscribe(1);
  RunQos1(200);
  const uint64_t before = support::AllocationCount();
  RunQos1(2000);
  EXPECT_EQ(support::AllocationCount() - before, 2000u);
}

// From one link to another, on one shard. Now and then packets meet in a lane that never met
// before, and a buffer grows: how often depends on time, that it ends does not.
constexpr uint64_t kGrowthsMax = 16;

class LinkAllocations : public testing::Test {
 protected:
  LinkAllocations() {
    BrokerOptions options;
    options.links_only = true;
    options.threads = 1;
    options.sys_interval_s = 0;
    broker_.emplace(*ringmq::Broker::Start(std::move(options)));
    source_.emplace(*broker_->OpenLink());
    target_.emplace(*broker_->OpenLink());
  }

  void Subscribe(Qos qos) {
    ASSERT_TRUE(target_->Subscribe("t", {.qos = qos}).ok());
    ASSERT_EQ(target_->Receive(std::chrono::seconds(10))->size(), 1u);
  }
  // Each through before the next.
  void Run(Qos qos, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(source_->Publish("t", "abcd", {.qos = qos}).ok());
      ASSERT_EQ(target_->Receive(std::chrono::seconds(10))->size(), 1u);
      if (qos == Qos::kAtMostOnce) continue;
      ASSERT_EQ(source_->Receive(std::chrono::seconds(10))->size(), 1u);
    }
  }

  std::optional<ringmq::Broker> broker_;
  std::optional<Link> source_;
  std::optional<Link> target_;
};

TEST_F(LinkAllocations, Qos0TakesNothingAfterWarmUp) {
  Subscribe(Qos::kAtMostOnce);
  Run(Qos::kAtMostOnce, 200);
  const uint64_t before = support::AllocationCount();
  Run(Qos::kAtMostOnce, 2000);
  EXPECT_LE(support::AllocationCount() - before, kGrowthsMax);
}

TEST_F(LinkAllocations, Qos2TakesOneBlockAMessage) {
  Subscribe(Qos::kExactlyOnce);
  Run(Qos::kExactlyOnce, 200);
  const uint64_t before = support::AllocationCount();
  Run(Qos::kExactlyOnce, 2000);
  EXPECT_LE(support::AllocationCount() - before, 2000u + kGrowthsMax);
}

}  // namespace
}  // namespace ringmq::broker
