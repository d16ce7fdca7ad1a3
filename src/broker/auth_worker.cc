// SPDX-License-Identifier: Apache-2.0
#include "broker/auth_worker.h"

#include <pthread.h>

#include <utility>

#include "base/check.h"

namespace ringmq::broker {

AuthWorker::AuthWorker(PasswordTable passwords, std::vector<Wake> wakes, size_t pending_max)
    : wakes_(std::move(wakes)),
      pending_max_(pending_max),
      passwords_(std::move(passwords)),
      mailboxes_(wakes_.size()),
      thread_([this] { Run(); }) {
  RMQ_CHECK(!wakes_.empty());
  RMQ_CHECK(pending_max_ > 0);
}

AuthWorker::~AuthWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

AuthVerdict AuthWorker::Start(uint32_t shard_index, AuthRequest request) {
  RMQ_CHECK(shard_index < wakes_.size());
  {
    const std::lock_guard lock(mutex_);
    Mailbox& mailbox = mailboxes_[shard_index];
    if (mailbox.pending_count >= pending_max_) return AuthVerdict::kBusy;
    ++mailbox.pending_count;
    jobs_.push_back({shard_index, std::move(request)});
  }
  changed_.notify_one();
  return AuthVerdict::kPending;
}

void AuthWorker::Drain(uint32_t shard_index, std::vector<AuthResult>& out) {
  RMQ_CHECK(shard_index < wakes_.size());
  const std::lock_guard lock(mutex_);
  Mailbox& mailbox = mailboxes_[shard_index];
  RMQ_CHECK(mailbox.results.size() <= mailbox.pending_count);
  mailbox.pending_count -= mailbox.results.size();
  out.insert(out.end(), mailbox.results.begin(), mailbox.results.end());
  mailbox.results.clear();
}

void AuthWorker::ReplacePasswords(PasswordTable passwords) {
  const std::lock_guard lock(mutex_);
  next_passwords_ = std::move(passwords);
}

// Ends when the owner destroys the worker.
void AuthWorker::Run() {
  ::pthread_setname_np(::pthread_self(), "ringmq-auth");
  while (std::optional<Job> job = TakeJob()) {
    const AuthVerdict verdict = CheckPassword(passwords_, job->request);
    Deliver(job->shard_index, {.token = job->request.token, .verdict = verdict});
  }
}

std::optional<AuthWorker::Job> AuthWorker::TakeJob() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
  if (stopping_) return std::nullopt;
  if (next_passwords_) {
    passwords_ = *std::move(next_passwords_);
    next_passwords_.reset();
  }
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

void AuthWorker::Deliver(uint32_t shard_index, AuthResult result) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    Mailbox& mailbox = mailboxes_[shard_index];
    was_empty = mailbox.results.empty();
    mailbox.results.push_back(result);
    RMQ_CHECK(mailbox.results.size() <= mailbox.pending_count);
  }
  // Drain() takes all there is, so one wake-up per filled mailbox is enough. Outside the lock:
  // the woken shard wants it at once.
  if (was_empty) wakes_[shard_index]();
}

}  // namespace ringmq::broker
