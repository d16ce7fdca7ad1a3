// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "base/poison.h"

namespace ringmq::client {

using reactor::OpCode;

Connection::~Connection() {
  // The ring is gone by now, and with it every operation.
  tunnel_.reset();
  if (output_.sending()) output_.EndSend(pool_, 0);
  output_.Reset(pool_);
  if (fd_ >= 0) close(fd_);
}

void Connection::Open(int fd) {
  RMQ_CHECK(is_none());
  RMQ_CHECK(fd >= 0);
  fd_ = fd;
  state_ = State::kOpen;
  ended_ = false;
  lost_.reset();
  written_bytes_ = 0;
  sent_bytes_ = 0;
  received_bytes_ = 0;
  input_.Reset();
}

void Connection::StartLayers(transport::LayerStack layers) {
  RMQ_CHECK(is_open());
  RMQ_CHECK(tunnel_ == nullptr);
  RMQ_CHECK(output_.empty() && !output_.sending());
  tunnel_ = std::make_unique<Tunnel>(std::move(layers), pool_);
  const codec::Bytes rest = input_.Rest();
  input_.Skip(rest.size());
  Show(rest);
}

void Connection::Close(End end, Instant now) {
  if (state_ == State::kNone || state_ == State::kReaping) return;
  const bool in_good_order = end == End::kFlush && !ended_ && !lost_.has_value();
  if (in_good_order && state_ == State::kOpen) {
    state_ = State::kFlushing;
    farewell_deadline_ = now + kFarewell;
    return;
  }
  if (in_good_order) return;
  state_ = State::kReaping;
  // Hastens what is under way.
  shutdown(fd_, SHUT_RDWR);
}

void Connection::AppendPayload(const codec::MessageRef& message) {
  const codec::Bytes payload = message.payload();
  if (payload.empty()) return;
  output_.AppendReference(pool_, payload, {codec::MessageRef(message).Detach(), [](void* owner) {
                                             (void)codec::MessageRef::Attach(owner);
                                           }});
}

void Connection::BeginBatch() {
  input_.BeginBatch();
  const bool is_read = input_.drained();
  if (tunnel_ != nullptr) tunnel_->BeginBatch(!is_read);
  // With layers the input points to what they made of it.
  const size_t in_use = is_read || tunnel_ != nullptr ? 0 : 1;
  while (lent_.size() > in_use) ReturnBuffer(0);
}

void Connection::ReturnBuffer(size_t index) {
  // Whoever still looks at the views of the last batch sees it at once.
  base::Poison(ring_.Buffer(lent_[index]));
  ring_.ReleaseBuffer(lent_[index]);
  lent_.erase(lent_.begin() + static_cast<ptrdiff_t>(index));
}

void Connection::Turn(Instant now, std::vector<reactor::Op>& ops) {
  if (state_ == State::kNone) return;
  PrepareSend();
  if (state_ == State::kFlushing && outgoing().empty() && !outgoing().sending()) {
    // Without this the kernel would answer what we have not read with a reset, which may overtake
    // our DISCONNECT.
    shutdown(fd_, SHUT_WR);
    state_ = State::kWaitingForEnd;
  }
  const bool waits = state_ == State::kFlushing || state_ == State::kWaitingForEnd;
  if (waits && (now >= farewell_deadline_ || ended_)) {
    state_ = State::kReaping;
    shutdown(fd_, SHUT_RDWR);
  }
  if (state_ == State::kReaping) {
    if (receiving_ && !cancelling_) {
      cancelling_ = true;
      ops.push_back({.code = OpCode::kCancel, .token = first_token_ + 2, .target = first_token_});
    }
    Reap();
    return;
  }
  if (!outgoing().empty() && !outgoing().sending() && !lost_.has_value()) {
    ops.push_back({.code = OpCode::kSend,
                   .fd = fd_,
                   .token = first_token_ + 1,
                   .slices = outgoing().BeginSend(pool_)});
  }
  if (waits && !input_.drained()) input_.Reset();  // Nobody wants it any more.
  if (!receiving_ && !ended_ && input_.drained() && !lost_.has_value()) {
    receiving_ = true;
    ops.push_back({.code = OpCode::kRecv, .fd = fd_, .token = first_token_});
  }
}

// Wraps what is to be sent next.
void Connection::PrepareSend() {
  if (tunnel_ == nullptr || tunnel_->output().sending() || state_ == State::kReaping) return;
  tunnel_->Wrap(output_);
  if (state_ == State::kFlushing) FlushFarewell();
}

void Connection::FlushFarewell() {
  // Before the handshake is over, or after it failed, there is nothing to say it through.
  if (tunnel_->state() != transport::LayerState::kOpen) output_.Reset(pool_);
  if (output_.empty()) tunnel_->SayGoodbye();
}

void Connection::Reap() {
  if (receiving_ || cancelling_ || outgoing().sending()) return;
  tunnel_.reset();
  output_.Reset(pool_);
  close(fd_);
  fd_ = -1;
  input_.Reset();
  state_ = State::kNone;
}

void Connection::OnCompletion(const reactor::Completion& completion) {
  if (completion.token == first_token_) {
    OnReceived(completion);
  } else if (completion.token == first_token_ + 1) {
    OnSent(completion);
  } else {
    // A cancellation that came too late for its target may be repeated as long as there is one.
    cancelling_ = false;
  }
}

void Connection::Lose(int error) {
  ended_ = true;
  if (!lost_.has_value()) lost_ = error;
}

void Connection::OnReceived(const reactor::Completion& completion) {
  RMQ_CHECK(receiving_);
  receiving_ = false;
  const int result = completion.result;
  if (result > 0) {
    lent_.push_back(completion.buffer_id);
    if (state_ != State::kOpen) return;  // BeginBatch() gives it back.
    received_bytes_ += static_cast<uint64_t>(result);
    Show(ring_.Buffer(completion.buffer_id).first(static_cast<size_t>(result)));
    // With layers nothing points to it any more.
    if (tunnel_ != nullptr) ReturnBuffer(lent_.size() - 1);
    return;
  }
  if (result == 0) {
    Lose(0);
  } else if (result != -ENOBUFS && result != -ECANCELED && result != -EINTR && result != -EAGAIN) {
    // -ECANCELED without our asking: the thread that had begun it has ended; it is begun anew.
    Lose(-result);
  }
}

// To the input, through the layers if there are any.
void Connection::Show(std::span<const uint8_t> bytes) {
  if (tunnel_ == nullptr) {
    input_.Give(bytes);
    return;
  }
  const std::span<const uint8_t> risen = tunnel_->Receive(bytes);
  if (!risen.empty()) input_.Give(risen);
  if (tunnel_->state() == transport::LayerState::kEnded) Lose(0);
}

void Connection::OnSent(const reactor::Completion& completion) {
  const size_t sent = completion.result > 0 ? static_cast<size_t>(completion.result) : 0;
  if (tunnel_ == nullptr) {
    output_.EndSend(pool_, sent);
    written_bytes_ += sent;
  } else {
    tunnel_->OnSent(sent);
    written_bytes_ += tunnel_->TakeGoneBytes();
  }
  sent_bytes_ += sent;
  const int result = completion.result;
  if (result < 0 && result != -ECANCELED && result != -EINTR && result != -EAGAIN) Lose(-result);
}

}  // namespace ringmq::client
