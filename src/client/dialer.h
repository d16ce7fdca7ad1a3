// Connects to the first of several addresses that answers: "Happy Eyeballs" (RFC 8305).
//
// An attempt begins every kAttemptDelay, or as soon as the one before has failed; the first
// connection wins, the others are given up. Sans loop: it appends operations to the owner's batch
// and is told their completions.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"
#include "client/resolver.h"
#include "reactor/ring.h"
#include "ringmq/options.h"

namespace ringmq::client {

class Dialer {
 public:
  static constexpr Duration kAttemptDelay = 250 * kMillisecond;

  // Tokens from `first_token` up to `first_token + kTokens - 1` are the dialer's.
  static constexpr uint64_t kTokens = uint64_t{1} << 32;
  explicit Dialer(uint64_t first_token) : first_token_(first_token) {}
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // Requires: idle(). `addresses` is not empty.
  void Start(std::vector<Address> addresses, const SocketOptions& socket, Instant now);
  // Begins what is due. The operations are submitted before the next call.
  void Turn(Instant now, std::vector<reactor::Op>& ops);
  [[nodiscard]] bool Owns(uint64_t token) const {
    return token >= first_token_ && token < first_token_ + kTokens;
  }
  void OnCompletion(const reactor::Completion& completion);
  // Gives up; idle() once the kernel has let go.
  void Stop() { stopped_ = true; }

  [[nodiscard]] Instant next_deadline() const;
  // The connection, once; the caller owns the descriptor. -1: none yet.
  [[nodiscard]] int TakeConnected();
  // Every address has failed: why the last one did.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  // No operation is under way.
  [[nodiscard]] bool idle() const { return attempts_.empty(); }

 private:
  struct Attempt {
    uint64_t token = 0;
    int fd = -1;
    Address address;  // The operation reads it; the deque keeps it in place.
    bool cancelled = false;
  };

  void Begin(Instant now, std::vector<reactor::Op>& ops);
  void NoteFailure(const Address& address, int error);

  const uint64_t first_token_;
  uint64_t next_token_ = 0;
  SocketOptions socket_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  Instant next_attempt_ = Instant::Max();
  std::deque<Attempt> attempts_;
  int connected_fd_ = -1;
  bool stopped_ = false;
  std::optional<Error> last_failure_;
  std::optional<Error> error_;
};

}  // namespace ringmq::client
