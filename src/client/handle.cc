// SPDX-License-Identifier: Apache-2.0
#include "ringmq/handle.h"

#include <algorithm>

#include "client/pending.h"

namespace ringmq {

const char* NameOf(Outcome outcome) noexcept {
  static constexpr const char* kNames[] = {"written",    "acknowledged", "completed",  "refused",
                                           "expired",    "overflow",     "queue full", "invalid",
                                           "never sent", "session lost", "cancelled",  "shut down"};
  return kNames[static_cast<size_t>(outcome)];
}

template <typename Result>
Handle<Result>::Handle(const Handle& other) noexcept : pending_(other.pending_) {
  if (pending_ != nullptr) pending_->Ref();
}

template <typename Result>
Handle<Result>::~Handle() {
  if (pending_ != nullptr) pending_->Unref();
}

template <typename Result>
bool Handle<Result>::done() const noexcept {
  RMQ_CHECK(valid());
  return pending_->done();
}

template <typename Result>
std::optional<Result> Handle<Result>::Poll() const {
  if (!done()) return std::nullopt;
  return pending_->result();
}

template <typename Result>
Expected<Result> Handle<Result>::Wait(std::chrono::milliseconds timeout) const {
  // Sums with the present stay far from overflow.
  constexpr std::chrono::milliseconds kLongest(int64_t{1} << 40);
  return WaitUntil(std::chrono::steady_clock::now() + std::min(timeout, kLongest));
}

template <typename Result>
Expected<Result> Handle<Result>::WaitUntil(std::chrono::steady_clock::time_point deadline) const {
  if (done()) return pending_->result();
  if (pending_->on_loop_thread()) {
    return Error(Errc::kDeadlock, "waiting on the event loop's own thread; poll the loop instead");
  }
  if (!pending_->WaitUntil(deadline)) return Error(Errc::kTimedOut);
  return pending_->result();
}

template <typename Result>
void Handle<Result>::OnComplete(std::function<void(const Result&)> done) const {
  RMQ_CHECK(valid());
  if (done) pending_->OnComplete(std::move(done));
}

template class Handle<Delivery>;
template class Handle<SubscribeResult>;
template class Handle<Reply>;
template class Handle<ConnectResult>;

}  // namespace ringmq
