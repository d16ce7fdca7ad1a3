// SPDX-License-Identifier: Apache-2.0
#include "client/dialer.h"

#include <unistd.h>

#include <utility>

#include "base/check.h"
#include "client/socket.h"

namespace ringmq::client {

Dialer::~Dialer() {
  // The ring is gone by now, and with it every operation.
  for (const Attempt& attempt : attempts_) close(attempt.fd);
  if (connected_fd_ >= 0) close(connected_fd_);
}

void Dialer::Start(std::vector<Address> addresses, const SocketOptions& socket, Instant now) {
  RMQ_CHECK(idle());
  RMQ_CHECK(connected_fd_ < 0);
  RMQ_CHECK(!addresses.empty());
  addresses_ = std::move(addresses);
  socket_ = socket;
  next_address_ = 0;
  next_attempt_ = now;
  stopped_ = false;
  last_failure_.reset();
  error_.reset();
}

void Dialer::NoteFailure(const Address& address, int error) {
  last_failure_ =
      Error(Errc::kConnectFailed, NameOf(address)).WithErrno(error).WithPhase(Phase::kDial);
}

void Dialer::Begin(Instant now, std::vector<reactor::Op>& ops) {
  const Address& address = addresses_[next_address_++];
  next_attempt_ = next_address_ < addresses_.size() ? now + kAttemptDelay : Instant::Max();
  Expected<int> fd = OpenSocket(address, socket_);
  if (!fd.ok()) {
    last_failure_ = fd.error();
    if (next_address_ < addresses_.size()) next_attempt_ = now;
    return;
  }
  Attempt& attempt = attempts_.emplace_back();
  attempt.token = first_token_ + next_token_;
  next_token_ = (next_token_ + 2) % kTokens;  // The odd one is its cancellation's.
  attempt.fd = *fd;
  attempt.address = address;
  ops.push_back({.code = reactor::OpCode::kConnect,
                 .fd = attempt.fd,
                 .token = attempt.token,
                 .address = &attempt.address.storage,
                 .address_size_bytes = attempt.address.size_bytes});
}

void Dialer::Turn(Instant now, std::vector<reactor::Op>& ops) {
  if (stopped_ || connected_fd_ >= 0) {
    for (Attempt& attempt : attempts_) {
      if (attempt.cancelled) continue;
      attempt.cancelled = true;
      ops.push_back(
          {.code = reactor::OpCode::kCancel, .token = attempt.token + 1, .target = attempt.token});
    }
    return;
  }
  while (next_address_ < addresses_.size() && now >= next_attempt_) Begin(now, ops);
  if (attempts_.empty() && next_address_ == addresses_.size() && last_failure_.has_value()) {
    error_ = last_failure_;
  }
}

void Dialer::OnCompletion(const reactor::Completion& completion) {
  if (((completion.token - first_token_) & 1) != 0) return;  // Of a cancellation.
  for (auto it = attempts_.begin(); it != attempts_.end(); ++it) {
    if (it->token != completion.token) continue;
    if (completion.result == 0 && !stopped_ && connected_fd_ < 0) {
      connected_fd_ = it->fd;
    } else {
      close(it->fd);
      if (completion.result < 0 && !it->cancelled) {
        NoteFailure(it->address, -completion.result);
      }
      // The next one need not wait.
      if (next_address_ < addresses_.size()) next_attempt_ = {};
    }
    attempts_.erase(it);
    return;
  }
  RMQ_CHECK(false);  // A completion of nothing.
}

Instant Dialer::next_deadline() const {
  if (stopped_ || connected_fd_ >= 0 || next_address_ >= addresses_.size()) return Instant::Max();
  return next_attempt_;
}

int Dialer::TakeConnected() {
  // The race is over: whoever answers from now on is closed.
  if (connected_fd_ >= 0) stopped_ = true;
  return std::exchange(connected_fd_, -1);
}

}  // namespace ringmq::client
