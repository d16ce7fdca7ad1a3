// Goal: every accepted check is answered once, on the right shard, and queues stay bounded.
// Method: shards here are semaphores that the wake-up raises; nothing waits for time.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/auth_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <semaphore>
#include <string>

namespace ringmq::broker {
namespace {

using ::testing::IsEmpty;

PasswordTable Table(std::string_view username, std::string_view password) {
  PasswordTable table;
  EXPECT_TRUE(table.Add(username, *PasswordHash::Make(password, "salt", 2)).ok());
  return table;
}

AuthRequest Request(uint64_t token, std::string username, std::string password) {
  return {.token = token,
          .client_id = "c",
          .username = std::move(username),
          .password = std::move(password)};
}

struct Shard {
  std::counting_semaphore<> woken{0};
  AuthWorker::Wake Wake() {
    return [this] { woken.release(); };
  }
  // Waits until `count` results have come.
  std::map<uint64_t, AuthVerdict> Collect(Authenticator& worker, uint32_t index, size_t count) {
    std::vector<AuthResult> results;
    while (results.size() < count) {
      woken.acquire();
      worker.Drain(index, results);
    }
    std::map<uint64_t, AuthVerdict> verdicts;
    for (const AuthResult& result : results) verdicts.emplace(result.token, result.verdict);
    EXPECT_EQ(verdicts.size(), results.size()) << "a token was answered twice";
    return verdicts;
  }
};

TEST(AuthWorker, AnswersEachShardItsOwnRequests) {
  Shard shards[2];
  AuthWorker worker(Table("ann", "a"), {shards[0].Wake(), shards[1].Wake()}, 100);
  for (uint64_t token = 0; token < 50; ++token) {
    EXPECT_EQ(worker.Start(0, Request(token, "ann", token % 2 == 0 ? "a" : "x")),
              AuthVerdict::kPending);
    EXPECT_EQ(worker.Start(1, Request(1000 + token, "eve", "a")), AuthVerdict::kPending);
  }
  const auto first = shards[0].Collect(worker, 0, 50);
  const auto second = shards[1].Collect(worker, 1, 50);
  for (uint64_t token = 0; token < 50; ++token) {
    EXPECT_EQ(first.at(token), token % 2 == 0 ? AuthVerdict::kAllow : AuthVerdict::kDeny);
    EXPECT_EQ(second.at(1000 + token), AuthVerdict::kDeny);
  }
}

// Results that nobody drains count as well, so the worker's speed does not matter here.
TEST(AuthWorker, AFullShardIsBusyAndOthersAreNot) {
  Shard shards[2];
  AuthWorker worker(Table("ann", "a"), {shards[0].Wake(), shards[1].Wake()}, 3);
  for (uint64_t token = 0; token < 3; ++token) {
    EXPECT_EQ(worker.Start(0, Request(token, "ann", "a")), AuthVerdict::kPending);
  }
  EXPECT_EQ(worker.Start(0, Request(3, "ann", "a")), AuthVerdict::kBusy);
  EXPECT_EQ(worker.Start(1, Request(4, "ann", "a")), AuthVerdict::kPending);
  EXPECT_EQ(shards[0].Collect(worker, 0, 3).size(), 3u);
  EXPECT_EQ(worker.Start(0, Request(5, "ann", "a")), AuthVerdict::kPending);
  EXPECT_EQ(shards[0].Collect(worker, 0, 1).count(5), 1u);
}

TEST(AuthWorker, NewPasswordsCountForLaterRequests) {
  Shard shard;
  AuthWorker worker(Table("ann", "old"), {shard.Wake()}, 10);
  EXPECT_EQ(worker.Start(0, Request(1, "ann", "old")), AuthVerdict::kPending);
  EXPECT_EQ(shard.Collect(worker, 0, 1).at(1), AuthVerdict::kAllow);
  worker.ReplacePasswords(Table("ann", "new"));
  EXPECT_EQ(worker.Start(0, Request(2, "ann", "old")), AuthVerdict::kPending);
  EXPECT_EQ(worker.Start(0, Request(3, "ann", "new")), AuthVerdict::kPending);
  const auto verdicts = shard.Collect(worker, 0, 2);
  EXPECT_EQ(verdicts.at(2), AuthVerdict::kDeny);
  EXPECT_EQ(verdicts.at(3), AuthVerdict::kAllow);
}

TEST(AuthWorker, EndsWithRequestsUnderWay) {
  std::atomic<int> wake_count = 0;
  {
    AuthWorker worker(Table("ann", "a"), {[&] { ++wake_count; }}, 1000);
    for (uint64_t token = 0; token < 1000; ++token) {
      EXPECT_EQ(worker.Start(0, Request(token, "ann", "a")), AuthVerdict::kPending);
    }
  }
  EXPECT_LE(wake_count, 1);  // Nobody drained, so the mailbox stopped being empty once at most.
}

TEST(AuthWorker, DrainWithoutResultsAddsNothing) {
  Shard shard;
  AuthWorker worker(PasswordTable(), {shard.Wake()}, 1);
  std::vector<AuthResult> results;
  worker.Drain(0, results);
  EXPECT_THAT(results, IsEmpty());
}

TEST(AuthWorker, ShardsMayCallFromTheirThreads) {
  constexpr uint64_t kRequests = 500;
  Shard shards[2];
  AuthWorker worker(Table("ann", "a"), {shards[0].Wake(), shards[1].Wake()}, kRequests);
  std::vector<std::thread> threads;
  for (uint32_t index = 0; index < 2; ++index) {
    threads.emplace_back([&, index] {
      for (uint64_t token = 0; token < kRequests; ++token) {
        EXPECT_EQ(worker.Start(index, Request(token, "ann", "a")), AuthVerdict::kPending);
      }
      EXPECT_EQ(shards[index].Collect(worker, index, kRequests).size(), kRequests);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(DirectAuthenticator, AnswersAtOnce) {
  DirectAuthenticator direct(Table("ann", "a"));
  EXPECT_EQ(direct.Start(0, Request(1, "ann", "a")), AuthVerdict::kAllow);
  EXPECT_EQ(direct.Start(0, Request(2, "ann", "b")), AuthVerdict::kDeny);
  direct.ReplacePasswords(PasswordTable());
  EXPECT_EQ(direct.Start(0, Request(3, "ann", "a")), AuthVerdict::kDeny);
  std::vector<AuthResult> results;
  direct.Drain(0, results);
  EXPECT_THAT(results, IsEmpty());
}

TEST(CheckPassword, WipesThePassword) {
  AuthRequest request = Request(1, "ann", "a");
  EXPECT_EQ(CheckPassword(Table("ann", "a"), request), AuthVerdict::kAllow);
  EXPECT_EQ(request.password, std::string(1, '\0'));
}

}  // namespace
}  // namespace ringmq::broker
