// Authentication by the program that embeds the broker.
//
//   shard --Start()--> queue --> thread: the owner's function --LoginAnswer--> desk, mailbox of the
//   shard --wake()--> Drain()
//
// What always holds: a shard has at most `pending_max` logins between Start() and Drain(), so
// queue and mailboxes are bounded. A LoginAnswer may outlive the authenticator: the desk, which
// both count, then drops it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "broker/acl.h"
#include "broker/auth.h"
#include "ringmq/broker_access.h"

namespace ringmq::broker {

// Where answers are put and shards fetch them. Any thread.
class AnswerDesk {
 public:
  AnswerDesk(std::vector<std::function<void()>> wakes, size_t pending_max);

  void Ref() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  // Release what was written before; acquire, for the one that destroys, what others wrote.
  void Unref() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // False: too many are under way. Otherwise exactly one Put() follows, or Close().
  [[nodiscard]] bool Admit(uint32_t shard);
  // Counts one reference, which the answer gives back.
  [[nodiscard]] LoginAnswer MakeAnswer(uint32_t shard, uint64_t token);
  void Put(uint32_t shard, AuthResult result);
  void Drain(uint32_t shard, std::vector<AuthResult>& out);
  // From here on nobody is woken, and answers go nowhere.
  void Close();

 private:
  struct Mailbox {
    std::vector<AuthResult> results;
    size_t pending_count = 0;  // Admitted and not drained.
  };
  ~AnswerDesk() = default;

  const size_t pending_max_;
  std::atomic<uint32_t> owners_{1};

  // Guarded by mutex_.
  std::mutex mutex_;
  std::vector<std::function<void()>> wakes_;  // Empty: closed.
  std::vector<Mailbox> mailboxes_;
};

class FunctionAuthenticator final : public Authenticator {
 public:
  FunctionAuthenticator(Authenticate function, std::vector<std::function<void()>> wakes,
                        size_t pending_max);
  // Waits for the call under way; clients that still wait are forgotten.
  ~FunctionAuthenticator() override;
  FunctionAuthenticator(const FunctionAuthenticator&) = delete;
  FunctionAuthenticator& operator=(const FunctionAuthenticator&) = delete;

  [[nodiscard]] bool decides_alone() const override { return true; }
  [[nodiscard]] AuthVerdict Start(uint32_t shard_index, AuthRequest request) override;
  void Drain(uint32_t shard_index, std::vector<AuthResult>& out) override;
  void ReplacePasswords(PasswordTable) override {}

 private:
  struct Job {
    uint32_t shard = 0;
    AuthRequest request;
    std::string peer;
  };
  void Run();
  [[nodiscard]] std::optional<Job> TakeJob();

  const Authenticate function_;
  AnswerDesk* const desk_;  // One reference is ours.

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;

  std::thread thread_;  // Last: it starts when everything else is there.
};

class FunctionRights final : public RightsHook {
 public:
  explicit FunctionRights(Authorize function) : function_(std::move(function)) {}
  [[nodiscard]] bool Allows(const Identity& who, Right right,
                            std::string_view topic_or_filter) const override;

 private:
  const Authorize function_;
};

}  // namespace ringmq::broker
