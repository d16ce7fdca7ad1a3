// What the contract tests share: one suite, run once for each Ring that Linux gives us.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/features.h"

namespace ringmq::reactor {

// A connected pair of stream sockets. What is left open at the end is closed.
struct SocketPair {
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0); }
  ~SocketPair() {
    CloseNear();
    CloseFar();
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;

  [[nodiscard]] int near() const { return fds[0]; }
  [[nodiscard]] int far() const { return fds[1]; }
  void CloseNear() { CloseOne(fds[0]); }
  void CloseFar() { CloseOne(fds[1]); }
  // The ring has closed it.
  void ForgetNear() { fds[0] = -1; }
  void Feed(std::string_view bytes) const {
    ASSERT_EQ(write(far(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  int fds[2] = {-1, -1};

 private:
  static void CloseOne(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

class RingTest : public testing::TestWithParam<IoBackend> {
 protected:
  RingTest() { MakeRing({}); }

  // Also skips the test where this machine has no such ring.
  void MakeRing(const UringOptions& options) {
    std::string notice;
    absl::StatusOr<std::unique_ptr<Ring>> ring = reactor::MakeRing(GetParam(), options, &notice);
    if (!ring.ok()) GTEST_SKIP() << ring.status().ToString();
    ring_ = std::move(*ring);
  }
  void SetUp() override {
    if (ring_ == nullptr) GTEST_SKIP() << "this machine has no such ring";
  }

  // One turn with a small storage, so that leftovers are ordinary.
  std::vector<Completion> Turn(std::vector<Op> ops, Instant deadline, size_t storage_size = 64) {
    std::vector<Completion> storage(storage_size);
    const auto seen = ring_->Enter(ops, deadline, storage);
    return {seen.begin(), seen.end()};
  }
  std::vector<Completion> Poll(std::vector<Op> ops = {}) { return Turn(std::move(ops), {}); }

  // Turns until `count` completions came, or none for ten seconds.
  std::vector<Completion> Collect(std::vector<Op> ops, size_t count, size_t storage_size = 64) {
    std::vector<Completion> all;
    const Instant deadline = ring_->Now() + 10 * kSecond;
    while (ring_->Now() < deadline) {
      const auto seen = Turn(std::exchange(ops, {}), deadline, storage_size);
      all.insert(all.end(), seen.begin(), seen.end());
      if (all.size() >= count) break;
    }
    EXPECT_EQ(all.size(), count);
    all.resize(count);
    return all;
  }

  // The bytes of a completed receive; gives the buffer back.
  std::string Take(const Completion& completion) {
    if (completion.result <= 0) return "";
    const auto bytes = ring_->Buffer(completion.buffer_id);
    std::string text(bytes.begin(), bytes.begin() + completion.result);
    ring_->ReleaseBuffer(completion.buffer_id);
    return text;
  }

  static Op Recv(int fd, uint64_t token) {
    return {.code = OpCode::kRecv, .fd = fd, .token = token};
  }
  static Op RecvMultishot(int fd, uint64_t token) {
    return {.code = OpCode::kRecvMultishot, .fd = fd, .token = token};
  }
  static Op Send(int fd, uint64_t token, std::span<const iovec> slices) {
    return {.code = OpCode::kSend, .fd = fd, .token = token, .slices = slices};
  }
  static Op Cancel(uint64_t target, uint64_t token) {
    return {.code = OpCode::kCancel, .token = token, .target = target};
  }
  static Op Close(int fd, uint64_t token) {
    return {.code = OpCode::kClose, .fd = fd, .token = token};
  }
  static const Completion& Find(const std::vector<Completion>& all, uint64_t token) {
    for (const Completion& completion : all) {
      if (completion.token == token) return completion;
    }
    ADD_FAILURE() << "no completion with token " << token;
    static const Completion kMissing{};
    return kMissing;
  }

  std::unique_ptr<Ring> ring_;
};

inline iovec Slice(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

inline std::string BackendTestName(const testing::TestParamInfo<IoBackend>& info) {
  return info.param == IoBackend::kUring ? "Uring" : "Epoll";
}

}  // namespace ringmq::reactor
