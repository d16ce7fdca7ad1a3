// Password checks off the shards: one thread that hashes, so that a slow hash never stops the
// messages of a core.
//
//   shard --Start()--> queue --> worker thread --> mailbox of the shard --Drain()--> shard
//                                            \---> wake(), which makes the shard call Drain()
//
// What always holds: a shard has at most `pending_max` requests between Start() and Drain(), so
// both queue and mailboxes are bounded; one more is answered kBusy at once. Each kPending is
// followed by exactly one result, unless the worker is destroyed first.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "broker/auth.h"

namespace ringmq::broker {

class AuthWorker final : public Authenticator {
 public:
  // One per shard. Called on the worker's thread when the shard's mailbox stops being empty;
  // must only wake the shard, and stay callable until the worker is destroyed.
  using Wake = std::function<void()>;

  AuthWorker(PasswordTable passwords, std::vector<Wake> wakes, size_t pending_max);

  // Waits for the check under way; later ones are dropped unanswered.
  ~AuthWorker() override;
  AuthWorker(const AuthWorker&) = delete;
  AuthWorker& operator=(const AuthWorker&) = delete;

  [[nodiscard]] AuthVerdict Start(uint32_t shard_index, AuthRequest request) override;
  void Drain(uint32_t shard_index, std::vector<AuthResult>& out) override;

  // From any thread. Requests queued before it may be checked against the new users.
  void ReplacePasswords(PasswordTable passwords) override;

 private:
  struct Job {
    uint32_t shard_index;
    AuthRequest request;
  };
  struct Mailbox {
    std::vector<AuthResult> results;
    size_t pending_count = 0;  // Started and not drained.
  };

  void Run();
  [[nodiscard]] std::optional<Job> TakeJob();
  void Deliver(uint32_t shard_index, AuthResult result);

  // Constant after construction.
  const std::vector<Wake> wakes_;
  const size_t pending_max_;

  // The worker's thread only.
  PasswordTable passwords_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::vector<Mailbox> mailboxes_;
  std::optional<PasswordTable> next_passwords_;
  bool stopping_ = false;

  std::thread thread_;  // Last: it starts when everything else is there.
};

}  // namespace ringmq::broker
