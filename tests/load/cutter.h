// A relay between clients and a broker that cuts connections when it is told to: by a reset, with
// whatever was on its way through it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/check.h"

namespace ringmq::load {

class Cutter {
 public:
  explicit Cutter(uint16_t broker_port)
      : broker_port_(broker_port), listener_(Socket()), bell_(eventfd(0, EFD_CLOEXEC)) {
    sockaddr_in address = Loopback(0);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size_bytes = sizeof(address);
    RMQ_CHECK(bind(listener_, generic, size_bytes) == 0);
    RMQ_CHECK(listen(listener_, 1024) == 0);
    RMQ_CHECK(getsockname(listener_, generic, &size_bytes) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Relay(); });
  }
  ~Cutter() {
    is_over_ = true;
    Ring();
    thread_.join();
    CutNow(0, SIZE_MAX);
    close(listener_);
    close(bell_);
  }
  Cutter(const Cutter&) = delete;
  Cutter& operator=(const Cutter&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }

  // Those that came as number [first, end), counted from zero over all that ever came.
  void Cut(size_t first = 0, size_t end = SIZE_MAX) {
    first_ = first;
    end_ = end;
    has_to_cut_ = true;
    Ring();
    while (has_to_cut_) std::this_thread::yield();
  }
  // Who comes from now on is relayed to another broker.
  void GoTo(uint16_t broker_port) { broker_port_ = broker_port; }
  // From now on whoever comes is cut at once.
  void Refuse() { is_refusing_ = true; }

 private:
  struct Pair {
    int client = -1;
    int broker = -1;
  };

  static int Socket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static void Reset(int& fd) {
    if (fd < 0) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
    fd = -1;
  }
  static void CutPair(Pair& pair) {
    Reset(pair.client);
    Reset(pair.broker);
  }

  void Ring() const {
    const uint64_t one = 1;
    RMQ_CHECK(write(bell_, &one, sizeof(one)) == sizeof(one));
  }

  void CutNow(size_t first, size_t end) {
    for (size_t i = first; i < end && i < pairs_.size(); ++i) CutPair(pairs_[i]);
  }

  void Relay() {
    while (!is_over_) {
      std::vector<pollfd> waits = {{.fd = bell_, .events = POLLIN, .revents = 0},
                                   {.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const Pair& pair : pairs_) {
        waits.push_back({.fd = pair.client, .events = POLLIN, .revents = 0});
        waits.push_back({.fd = pair.broker, .events = POLLIN, .revents = 0});
      }
      poll(waits.data(), waits.size(), -1);
      uint64_t rung = 0;
      if (waits[0].revents != 0) static_cast<void>(read(bell_, &rung, sizeof(rung)));
      if (has_to_cut_) {
        CutNow(first_, end_);
        has_to_cut_ = false;
        continue;  // Descriptors that are gone may have come back as others.
      }
      for (size_t i = 2; i < waits.size(); ++i) {
        if (waits[i].revents != 0) Forward(pairs_[(i - 2) / 2], i % 2 == 0);
      }
      if (waits[1].revents != 0) Accept();
    }
  }

  void Accept() {
    Pair pair{.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), .broker = Socket()};
    sockaddr_in broker = Loopback(broker_port_);
    const bool is_there =
        connect(pair.broker, reinterpret_cast<sockaddr*>(&broker), sizeof(broker)) == 0;
    if (!is_there || is_refusing_) CutPair(pair);
    const int on = 1;
    setsockopt(pair.broker, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(pair.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    pairs_.push_back(pair);
  }

  // What has come on one side goes to the other.
  static void Forward(Pair& pair, bool is_from_client) {
    if (pair.client < 0) return;
    char buffer[16 << 10];
    const ssize_t count =
        recv(is_from_client ? pair.client : pair.broker, buffer, sizeof(buffer), 0);
    const int to = is_from_client ? pair.broker : pair.client;
    const bool is_sent =
        count > 0 && send(to, buffer, static_cast<size_t>(count), MSG_NOSIGNAL) == count;
    if (!is_sent) CutPair(pair);
  }

  std::atomic<uint16_t> broker_port_;
  int listener_;
  int bell_;
  uint16_t port_ = 0;
  std::vector<Pair> pairs_;  // The thread's own.
  std::atomic<size_t> first_{0};
  std::atomic<size_t> end_{0};
  std::atomic<bool> has_to_cut_{false};
  std::atomic<bool> is_refusing_{false};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

}  // namespace ringmq::load
