// SPDX-License-Identifier: Apache-2.0
#include "ringmq/runner.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace ringmq {

struct Runner::State {
  explicit State(EventLoop owned) : loop(std::move(owned)), client(loop->client()) {}

  // A handler may ask to stop; it cannot wait for itself.
  [[nodiscard]] bool IsOwnThread() const { return thread.get_id() == std::this_thread::get_id(); }

  std::optional<EventLoop> loop;  // The thread's, until it has ended.
  const Client client;            // To wake it.
  std::function<void(Event&)> handler;
  std::atomic<bool> stop_requested{false};
  Error end{Errc::kStopped};  // Written by the thread, read after joining it.
  std::thread thread;
};

Runner::Runner(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Runner::Runner(Runner&&) noexcept = default;

Runner& Runner::operator=(Runner&& other) noexcept {
  Stop();
  state_ = std::move(other.state_);
  return *this;
}

Runner::~Runner() { Stop(); }

Error Runner::Join() {
  if (state_ == nullptr) return Error(Errc::kStopped);
  if (!state_->IsOwnThread() && state_->thread.joinable()) state_->thread.join();
  return state_->end;
}

void Runner::Stop() {
  if (state_ == nullptr) return;
  // Release: what the stopper did before is seen by the handler's last calls.
  state_->stop_requested.store(true, std::memory_order_release);
  state_->client.Wake();
  if (!state_->IsOwnThread() && state_->thread.joinable()) state_->thread.join();
}

Runner RunInThread(EventLoop loop, std::function<void(Event&)> handler) {
  auto state = std::make_unique<Runner::State>(std::move(loop));
  state->loop->RebindThread();
  state->handler = std::move(handler);
  Runner::State* const running = state.get();
  state->thread = std::thread([running] {
    constexpr std::chrono::hours kLong(1);
    while (!running->stop_requested.load(std::memory_order_acquire)) {
      Expected<EventBatch> batch = running->loop->Poll(kLong);
      if (!batch.ok()) {
        running->end = batch.error();
        break;
      }
      for (Event& event : *batch) running->handler(event);
    }
    // Here, where its callbacks belong.
    running->loop.reset();
  });
  return Runner(std::move(state));
}

}  // namespace ringmq
