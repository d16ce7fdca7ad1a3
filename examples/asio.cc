// The client inside standalone Asio: its loop as one more thing that an io_context waits for, its
// handles as things that Asio's coroutines await. AsioLoop and Await() are what to copy.
//
//   asio mqtt://localhost
//
// SPDX-License-Identifier: Apache-2.0
#include <asio.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "ringmq/client.h"

namespace {

// Polls whenever the descriptor is readable or the deadline has come. One thread runs the context,
// and this lives until run() has returned.
class AsioLoop {
 public:
  AsioLoop(asio::io_context& context, ringmq::EventLoop loop,
           std::function<void(ringmq::Event&)> on_event)
      : loop_(std::move(loop)),
        on_event_(std::move(on_event)),
        readable_(context, loop_.descriptor()),
        deadline_(context) {
    asio::post(context, [this] { Turn(); });
  }
  // The descriptor is the loop's to close.
  ~AsioLoop() { readable_.release(); }
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

 private:
  void Turn() {
    const auto batch = loop_.Poll(std::chrono::milliseconds(0));
    if (!batch) {
      // It has ended: nothing is waited for any more, so run() may return.
      readable_.cancel();
      deadline_.cancel();
      return;
    }
    for (ringmq::Event& event : *batch) on_event_(event);
    if (!std::exchange(waits_, true)) {
      readable_.async_wait(asio::posix::descriptor_base::wait_read,
                           [this](const asio::error_code& error) {
                             waits_ = false;
                             if (!error) Turn();
                           });
    }
    // Takes the place of the wait before.
    deadline_.expires_at(loop_.NextDeadline());
    deadline_.async_wait([this](const asio::error_code& error) {
      if (!error) Turn();
    });
  }

  ringmq::EventLoop loop_;
  const std::function<void(ringmq::Event&)> on_event_;
  asio::posix::stream_descriptor readable_;
  asio::steady_timer deadline_;
  bool waits_ = false;  // For the descriptor.
};

// Completes with the handle's result, on the executor of whoever waits. Any completion token:
// asio::use_awaitable, asio::use_future, a function.
template <typename Result, typename Token>
auto Await(ringmq::Handle<Result> handle, Token&& token) {
  return asio::async_initiate<Token, void(Result)>(
      [handle](auto handler) {
        using Handler = decltype(handler);
        // Every handle calls back exactly once, so this is freed.
        auto* const waiting = new Handler(std::move(handler));
        handle.OnComplete([waiting](const Result& result) {
          const std::unique_ptr<Handler> owned(waiting);
          const auto executor = asio::get_associated_executor(*owned);
          asio::post(executor, [handler = std::move(*owned), result]() mutable {
            std::move(handler)(std::move(result));
          });
        });
      },
      token);
}

// Waits for handles and for things of Asio's own, as they come.
asio::awaitable<void> Work(ringmq::Client client, int& failures) {
  const auto connection = co_await Await(client.WhenConnected(), asio::use_awaitable);
  std::printf("connected: %s\n", NameOf(connection.outcome));
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (int i = 0; i < 3; ++i) {
    const auto delivery = co_await Await(
        client.Publish("asio/number", "x", {.qos = ringmq::Qos::kExactlyOnce}),
        asio::use_awaitable);
    std::printf("%d: %s\n", i, NameOf(delivery.outcome));
    if (!delivery.ok()) ++failures;
    pause.expires_after(std::chrono::milliseconds(1));
    co_await pause.async_wait(asio::use_awaitable);
  }
  client.Disconnect({.drain_for = std::chrono::seconds(5)});
}

}  // namespace

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;

  asio::io_context context;
  int failures = 0;
  asio::co_spawn(context, Work(made->first, failures), asio::detached);
  const AsioLoop loop(context, std::move(made->second), [](ringmq::Event& event) {
    const auto* const lost = event.get<ringmq::Disconnected>();
    if (lost != nullptr) std::fprintf(stderr, "%s\n", Describe(lost->cause).c_str());
  });
  context.run();
  return failures;
}
