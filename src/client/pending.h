// The counted state behind a Handle: a result that is written once.
//
// A Pending costs one block and no lock: writer and readers meet at one atomic byte, and only who
// wants to be told (a waiting thread, a callback) takes the mutex, which all handles of a client
// share (Attention).
//
//   writer:  result_ ; state |= kDone ; was kAttention set? then lock, take the callback, notify
//   reader:  lock ; callback ; state |= kAttention ; was kDone set? then it is ours to call
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "ringmq/handle.h"

namespace ringmq::client {

// What the handles of one client share to be told. Counted, since handles outlive the loop.
struct Attention {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<std::thread::id> loop_thread{};  // Default: nobody polls yet.
  std::atomic<uint64_t> told{
      0};  // What Poll() returns for besides events. Relaxed: whether it moved.

  void Ref() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void Unref() noexcept {
    // Release and acquire: everybody's use of it happens before its end.
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  std::atomic<uint32_t> references{1};
};

template <typename Result>
class Pending {
 public:
  using Callback = std::function<void(const Result&)>;

  // One reference, which the caller owns.
  explicit Pending(Attention& attention) : attention_(attention) { attention_.Ref(); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  void Ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void Unref() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Requires: not resolved before. Calls the callback, if any, without a lock.
  void Resolve(Result result) {
    RMQ_CHECK((state_.load(std::memory_order_relaxed) & kDone) == 0);
    result_ = std::move(result);
    // Release: whoever sees kDone sees the result.
    const uint8_t before = state_.fetch_or(kDone, std::memory_order_acq_rel);
    if ((before & kAttention) == 0) return;
    Callback callback;
    {
      const std::lock_guard lock(attention_.mutex);
      callback = std::exchange(callback_, nullptr);
      attention_.changed.notify_all();
      attention_.told.fetch_add(1, std::memory_order_relaxed);
    }
    if (callback) callback(result_);
  }

  [[nodiscard]] bool done() const noexcept {
    return (state_.load(std::memory_order_acquire) & kDone) != 0;
  }
  // Requires: done().
  [[nodiscard]] const Result& result() const noexcept { return result_; }

  // Resolves without calling anybody; false, and nothing is changed: there is a callback.
  [[nodiscard]] bool ResolveUnlessCalled(const Result& result) {
    const std::lock_guard lock(attention_.mutex);
    if (callback_) return false;
    RMQ_CHECK(!done());
    result_ = result;
    if ((state_.fetch_or(kDone, std::memory_order_acq_rel) & kAttention) == 0) return true;
    attention_.changed.notify_all();
    attention_.told.fetch_add(1, std::memory_order_relaxed);
    return true;
  }

  // Requires: `callback` is not empty.
  void OnComplete(Callback callback) {
    {
      const std::lock_guard lock(attention_.mutex);
      if (!done()) {
        Add(std::move(callback));
        const uint8_t before = state_.fetch_or(kAttention, std::memory_order_acq_rel);
        // Either it is still to be resolved, or whoever does so right now has seen that somebody
        // waits, and comes for the lock.
        if ((before & kDone) == 0 || (before & kAttention) != 0) return;
        // Resolved before it could know of us, who are the only one.
        callback = std::exchange(callback_, nullptr);
      }
    }
    callback(result_);
  }

  // False: the deadline passed.
  [[nodiscard]] bool WaitUntil(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(attention_.mutex);
    state_.fetch_or(kAttention, std::memory_order_acq_rel);
    return attention_.changed.wait_until(lock, deadline, [this] { return done(); });
  }

  [[nodiscard]] bool on_loop_thread() const noexcept {
    return attention_.loop_thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  // Several callbacks, first come first called. Most handles have one at most, which needs no list.
  struct CallbackList {
    std::vector<Callback> callbacks;
    void operator()(const Result& result) const {
      for (const Callback& callback : callbacks) callback(result);
    }
  };

  ~Pending() { attention_.Unref(); }

  // Requires: attention_.mutex is held.
  void Add(Callback callback) {
    if (!callback_) {
      callback_ = std::move(callback);
      return;
    }
    if (callback_.template target<CallbackList>() == nullptr) {
      CallbackList list;
      list.callbacks.push_back(std::move(callback_));
      callback_ = std::move(list);
    }
    callback_.template target<CallbackList>()->callbacks.push_back(std::move(callback));
  }

  static constexpr uint8_t kDone = 1;
  static constexpr uint8_t kAttention = 2;

  Attention& attention_;
  std::atomic<uint32_t> references_{1};
  std::atomic<uint8_t> state_{0};
  Result result_;      // Written once, before kDone.
  Callback callback_;  // Under attention_.mutex.
};

// The loop's reference to a result that somebody waits for. Move-only; resolving empties it. Dying
// unresolved is a bug: every handle resolves.
template <typename Result>
class Promise {
 public:
  Promise() = default;
  explicit Promise(Pending<Result>* adopted) : pending_(adopted) {}
  Promise(Promise&& other) noexcept : pending_(std::exchange(other.pending_, nullptr)) {}
  Promise& operator=(Promise&& other) noexcept {
    std::swap(pending_, other.pending_);
    return *this;
  }
  ~Promise() { RMQ_CHECK(pending_ == nullptr); }

  explicit operator bool() const { return pending_ != nullptr; }
  // Which handle it belongs to.
  [[nodiscard]] const Pending<Result>* identity() const { return pending_; }

  // False, and nothing is changed: a callback waits, which wants the loop's thread. Requires: not
  // empty; empties it otherwise.
  [[nodiscard]] bool ResolveUnlessCalled(const Result& result) {
    if (!pending_->ResolveUnlessCalled(result)) return false;
    std::exchange(pending_, nullptr)->Unref();
    return true;
  }
  // Does nothing when empty.
  void Resolve(Result result) {
    Pending<Result>* const pending = std::exchange(pending_, nullptr);
    if (pending == nullptr) return;
    pending->Resolve(std::move(result));
    pending->Unref();
  }

 private:
  Pending<Result>* pending_ = nullptr;
};

using PublishPromise = Promise<Delivery>;
using SubscribePromise = Promise<SubscribeResult>;
using ReplyPromise = Promise<Reply>;
using ConnectPromise = Promise<ConnectResult>;

// A promise and the handle to it.
template <typename Result>
[[nodiscard]] std::pair<Promise<Result>, Handle<Result>> MakePending(Attention& attention) {
  auto* const pending = new Pending<Result>(attention);
  pending->Ref();
  return {Promise<Result>(pending), Handle<Result>(pending)};
}

}  // namespace ringmq::client
