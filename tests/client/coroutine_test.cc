// SPDX-License-Identifier: Apache-2.0
#include "ringmq/coroutine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "client/pending.h"

namespace ringmq {
namespace {

class Coroutine : public ::testing::Test {
 protected:
  ~Coroutine() override {
    promise_.Resolve({.outcome = Outcome::kShutdown});
    attention_->Unref();
  }
  PublishHandle Make() {
    auto [promise, handle] = client::MakePending<Delivery>(*attention_);
    promise_ = std::move(promise);
    return handle;
  }
  void Resolve(Outcome outcome) { promise_.Resolve({.outcome = outcome}); }

  client::Attention* const attention_ = new client::Attention;
  client::PublishPromise promise_;
};

Detached Wait(PublishHandle handle, std::string& said) {
  said = "waits";
  const Delivery delivery = co_await handle;
  said = NameOf(delivery.outcome);
}

Detached WaitUntil(PublishHandle handle, std::stop_token token, std::string& said) {
  said = "waits";
  const auto delivery = co_await Until(handle, token);
  said = delivery.has_value() ? NameOf(delivery->outcome) : "stopped";
}

TEST_F(Coroutine, ResumesWithTheResult) {
  std::string said;
  Wait(Make(), said);
  EXPECT_EQ(said, "waits");
  Resolve(Outcome::kAcknowledged);
  EXPECT_EQ(said, "acknowledged");
}

TEST_F(Coroutine, GoesOnAtOnceWhereTheResultIsThere) {
  std::string said;
  const PublishHandle handle = Make();
  Resolve(Outcome::kWritten);
  Wait(handle, said);
  EXPECT_EQ(said, "written");
}

TEST_F(Coroutine, ResumesWhereTheHookSays) {
  std::vector<std::coroutine_handle<>> posted;
  std::string said;
  [](PublishHandle handle, auto& queue, std::string& text) -> Detached {
    const Delivery delivery = co_await On(
        handle, [&queue](std::coroutine_handle<> coroutine) { queue.push_back(coroutine); });
    text = NameOf(delivery.outcome);
  }(Make(), posted, said);
  Resolve(Outcome::kCompleted);
  EXPECT_EQ(said, "");
  ASSERT_EQ(posted.size(), 1u);
  posted[0].resume();
  EXPECT_EQ(said, "completed");
}

TEST_F(Coroutine, ResumesEverybodyWhoWaitsForOneHandle) {
  const PublishHandle handle = Make();
  std::string said[3];
  std::vector<int> order;
  Wait(handle, said[0]);
  handle.OnComplete([&](const Delivery&) { order.push_back(1); });
  Wait(handle, said[1]);
  std::stop_source stop;
  WaitUntil(handle, stop.get_token(), said[2]);
  handle.OnComplete([&](const Delivery&) { order.push_back(2); });
  handle.OnComplete(nullptr);
  Resolve(Outcome::kCompleted);
  for (const std::string& text : said) EXPECT_EQ(text, "completed");
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// One waits before, one comes at the same time on another thread: both hear of it, once.
TEST_F(Coroutine, TellsWhoeverComesWhileItIsResolved) {
  for (int i = 0; i < 500; ++i) {
    const PublishHandle handle = Make();
    std::atomic<int> told{0};
    if (i % 2 == 0) handle.OnComplete([&](const Delivery&) { ++told; });
    std::thread late([&] { handle.OnComplete([&](const Delivery&) { ++told; }); });
    Resolve(Outcome::kAcknowledged);
    late.join();
    ASSERT_EQ(told.load(), i % 2 == 0 ? 2 : 1);
  }
}

TEST_F(Coroutine, StopsWaiting) {
  std::stop_source stop;
  std::string said;
  WaitUntil(Make(), stop.get_token(), said);
  EXPECT_EQ(said, "waits");
  stop.request_stop();
  EXPECT_EQ(said, "stopped");
  Resolve(Outcome::kAcknowledged);  // Too late, and harmless.
  EXPECT_EQ(said, "stopped");
}

TEST_F(Coroutine, TakesTheResultThatComesBeforeTheStop) {
  std::stop_source stop;
  std::string said;
  WaitUntil(Make(), stop.get_token(), said);
  Resolve(Outcome::kAcknowledged);
  EXPECT_EQ(said, "acknowledged");
  stop.request_stop();
  EXPECT_EQ(said, "acknowledged");
}

// Result and stop race on two threads: exactly one of them resumes.
TEST_F(Coroutine, IsResumedOnceWhoeverComesFirst) {
  for (int i = 0; i < 500; ++i) {
    std::stop_source stop;
    std::atomic<int> resumed{0};
    [](PublishHandle handle, std::stop_token token, std::atomic<int>& count) -> Detached {
      (void)co_await Until(handle, token);
      ++count;
    }(Make(), stop.get_token(), resumed);
    std::thread stopper([&] { stop.request_stop(); });
    Resolve(Outcome::kAcknowledged);
    stopper.join();
    ASSERT_EQ(resumed.load(), 1);
  }
}

}  // namespace
}  // namespace ringmq
