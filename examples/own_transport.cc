// A transport of our own below the client: bytes go through a socketpair, and what is behind it is
// up to us. Here a thread carries them to a broker in this program; it could as well be a VPN, an
// SSH channel or a serial line.
//
//   client <--socketpair--> Carrier (a thread) <--TCP--> broker
//
// Exits with 0 if a message has come back that way.
//
// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ringmq/broker.h"
#include "ringmq/client.h"
#include "ringmq/connector.h"

namespace {

int Fail(const ringmq::Error& error) {
  std::fprintf(stderr, "%s\n", ringmq::Describe(error).c_str());
  return 1;
}

// Connects on a thread, so that the loop never waits for it, then carries until one side ends. One
// connection is all that this example needs.
class Carrier final : public ringmq::Connector {
 public:
  explicit Carrier(uint16_t port) : port_(port) {}
  // After the loop, which closes what it has taken; then the thread ends.
  ~Carrier() override {
    Abandon();
    if (thread_.joinable()) thread_.join();
  }

  // On the loop's thread.
  ringmq::Expected<int> Connect(const ringmq::Endpoint&) override {
    if (!thread_.joinable()) thread_ = std::thread([this] { Connect(); });
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, ringmq::Error(ringmq::Errc::kWouldBlock));
  }
  // Nobody comes for what is there, or will be.
  void Abandon() noexcept override {
    const std::lock_guard lock(mutex_);
    is_abandoned_ = true;
    if (result_) close(*result_);
    result_ = ringmq::Error(ringmq::Errc::kWouldBlock);
  }

  std::optional<ringmq::Client> client;  // Whom to wake; set before the first Poll().

 private:
  // On our own.
  void Connect() {
    const int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in broker{};
    broker.sin_family = AF_INET;
    broker.sin_port = htons(port_);
    broker.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int near[2] = {-1, -1};
    if (connect(far, reinterpret_cast<sockaddr*>(&broker), sizeof(broker)) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, near) != 0) {
      Tell(ringmq::Error(ringmq::Errc::kConnectFailed, "the broker is away"));
    } else {
      Tell(near[0]);  // The loop's from here on.
      Carry(near[1], far);
      close(near[1]);
    }
    close(far);
  }
  void Tell(ringmq::Expected<int> result) {
    {
      const std::lock_guard lock(mutex_);
      if (is_abandoned_ && result) close(*result);
      if (!is_abandoned_) result_ = std::move(result);
    }
    client->Wake();
  }
  void Carry(int near, int far) {
    pollfd ends[] = {{near, POLLIN, 0}, {far, POLLIN, 0}};
    char block[4096];
    while (poll(ends, 2, -1) > 0) {
      for (const int from : {0, 1}) {
        if (ends[from].revents == 0) continue;
        const ssize_t size = recv(ends[from].fd, block, sizeof(block), 0);
        if (size <= 0) return;
        if (send(ends[1 - from].fd, block, size_t(size), MSG_NOSIGNAL) != size) return;
      }
    }
  }

  const uint16_t port_;
  std::thread thread_;
  std::mutex mutex_;  // Guards what follows.
  bool is_abandoned_ = false;
  ringmq::Expected<int> result_ = ringmq::Error(ringmq::Errc::kWouldBlock);
};

}  // namespace

int main() {
  ringmq::BrokerOptions broker_options;
  broker_options.listeners = {{.address = "127.0.0.1", .port = 0}};  // Whichever is free.
  broker_options.threads = 1;
  auto broker = ringmq::Broker::Start(std::move(broker_options));
  if (!broker) return Fail(broker.error());

  Carrier carrier(broker->ports()[0]);
  ringmq::Options options;
  options.servers = {{.host = "carrier.example"}};
  options.connector = &carrier;
  options.backoff.attempts_max = 1;
  auto made = ringmq::MakeClient(std::move(options));
  if (!made) return Fail(made.error());
  auto& [client, loop] = *made;
  carrier.client = client;

  client.Subscribe("echo", ringmq::Qos::kAtLeastOnce);
  bool has_come_back = false;
  while (auto batch = loop.Poll(std::chrono::seconds(1))) {
    for (const ringmq::Event& event : *batch) {
      if (event.get<ringmq::SubscribeDone>() != nullptr) {
        client.Publish("echo", "hello", {.qos = ringmq::Qos::kAtLeastOnce});
      } else if (const auto* message = event.get<ringmq::Message>()) {
        has_come_back = message->payload() == "hello";
        client.Disconnect({.drain_for = std::chrono::seconds(5)});
      } else if (const auto* lost = event.get<ringmq::Disconnected>()) {
        return Fail(lost->cause);
      }
    }
  }
  std::printf("%s\n", has_come_back ? "came back through our own transport" : "nothing came back");
  return has_come_back ? 0 : 1;
}
