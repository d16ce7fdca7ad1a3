// An event loop on a thread of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "ringmq/client.h"

namespace ringmq {

// Move-only. Destroying it stops the loop without a DISCONNECT and joins the thread; to leave in
// good order, Client::Disconnect() first and Join() then.
class Runner {
 public:
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;
  ~Runner();

  // Until the loop has ended by itself. Returns why: kStopped after Disconnect().
  Error Join();
  // From the handler it only asks, and returns; the Runner may not be destroyed there.
  void Stop();

 private:
  friend Runner RunInThread(EventLoop loop, std::function<void(Event&)> handler);
  struct State;
  explicit Runner(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// Polls `loop` on a new thread and gives each event to `handler` there.
[[nodiscard]] Runner RunInThread(EventLoop loop, std::function<void(Event&)> handler);

}  // namespace ringmq
