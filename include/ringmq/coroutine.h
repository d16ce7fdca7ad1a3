// Handles in coroutines: a thin layer, nothing else needs it.
//
//   ringmq::Detached Work(ringmq::Client client) {
//     if (!(co_await client.WhenConnected()).ok()) co_return;
//     const ringmq::Delivery delivery = co_await client.Publish("a", "x", {.qos = ...});
//     const ringmq::Reply reply = co_await client.Request("service", "question", 2s);
//   }
//
// A coroutine resumes on the loop's thread, within Poll(), or at once where the result is there
// already. Several may wait for copies of one handle. To resume elsewhere, see On(). To stop
// waiting, see Until(): a frame that waits must not be destroyed, so that is the only way.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "ringmq/handle.h"

namespace ringmq {

// Runs from its call on and destroys itself at its end; nobody waits for it.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
  };
};

// Resumes a coroutine where the user wants it: posts `coroutine.resume()` to a pool, for example.
using ResumeHook = std::function<void(std::coroutine_handle<> coroutine)>;

template <typename Result>
class HandleAwaiter {
 public:
  explicit HandleAwaiter(Handle<Result> handle, ResumeHook hook = {})
      : handle_(std::move(handle)), hook_(std::move(hook)) {}

  [[nodiscard]] bool await_ready() const noexcept { return handle_.done() && !hook_; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    // The frame, and this awaiter in it, may be gone before OnComplete() returns.
    const Handle<Result> handle = handle_;
    handle.OnComplete([coroutine, hook = hook_](const Result&) {
      if (hook) {
        hook(coroutine);
      } else {
        coroutine.resume();
      }
    });
  }
  [[nodiscard]] Result await_resume() const { return *handle_.Poll(); }

 private:
  Handle<Result> handle_;
  ResumeHook hook_;
};

template <typename Result>
[[nodiscard]] HandleAwaiter<Result> operator co_await(Handle<Result> handle) {
  return HandleAwaiter<Result>(std::move(handle));
}

// co_await On(handle, hook): resumes through `hook`.
template <typename Result>
[[nodiscard]] HandleAwaiter<Result> On(Handle<Result> handle, ResumeHook hook) {
  return HandleAwaiter<Result>(std::move(handle), std::move(hook));
}

// Whoever comes first resumes the coroutine: the result, or the request to stop.
template <typename Result>
class StoppableAwaiter {
 public:
  StoppableAwaiter(Handle<Result> handle, std::stop_token token)
      : handle_(std::move(handle)), token_(std::move(token)) {}

  [[nodiscard]] bool await_ready() const noexcept {
    return handle_.done() || token_.stop_requested();
  }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    const Handle<Result> handle = handle_;
    auto* const race = new Race{.awaiter = this};
    race_ = race;
    handle.OnComplete([race](const Result&) { race->Come(); });
    stop_.emplace(token_, Stop{race});
    // Both sides have been told where to come; only now may one of them resume us.
    return race->Open();
  }
  // Nothing: stopped first. The publish itself goes on (Client::Cancel()).
  [[nodiscard]] std::optional<Result> await_resume() {
    stop_.reset();
    if (race_ != nullptr) race_->Leave();
    return handle_.Poll();
  }

 private:
  // Outlives the frame, because the result may come after the stop. Three hold it: the
  // frame, the handle's callback, and await_suspend(), during which another thread may resume us.
  struct Race {
    static constexpr int kOpen = 1;
    static constexpr int kCome = 2;
    StoppableAwaiter* awaiter = nullptr;
    std::atomic<int> state{0};
    std::atomic<int> holders{3};
    std::atomic<bool> resumed{false};

    // From the callback, which comes once.
    void Come() {
      Finish();
      Leave();
    }
    void Finish() {
      const int before = state.fetch_or(kCome, std::memory_order_acq_rel);
      if ((before & kOpen) != 0 && !resumed.exchange(true, std::memory_order_acq_rel)) {
        awaiter->coroutine_.resume();
      }
    }
    // False: somebody has come already, and the coroutine goes on at once.
    bool Open() {
      const int before = state.fetch_or(kOpen, std::memory_order_acq_rel);
      const bool suspends =
          (before & kCome) == 0 || resumed.exchange(true, std::memory_order_acq_rel);
      Leave();
      return suspends;
    }
    void Leave() {
      if (holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
  };
  struct Stop {
    Race* race;
    void operator()() const { race->Finish(); }
  };

  Handle<Result> handle_;
  std::stop_token token_;
  std::coroutine_handle<> coroutine_;
  Race* race_ = nullptr;
  std::optional<std::stop_callback<Stop>> stop_;
};

// co_await Until(handle, token): a std::optional<Result>, empty if the stop was asked for first.
// Resumes on the thread of whichever came first.
template <typename Result>
[[nodiscard]] StoppableAwaiter<Result> Until(Handle<Result> handle, std::stop_token token) {
  return StoppableAwaiter<Result>(std::move(handle), std::move(token));
}

}  // namespace ringmq
