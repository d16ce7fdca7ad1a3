// SPDX-License-Identifier: Apache-2.0
#include "broker/embed_auth.h"

#include <openssl/crypto.h>
#include <pthread.h>

#include <utility>

#include "base/check.h"

namespace ringmq::broker {
namespace {

Access AccessOf(Right right) {
  switch (right) {
    case Right::kPublish:
      return Access::kPublish;
    case Right::kSubscribe:
      return Access::kSubscribe;
    case Right::kReceive:
      return Access::kReceive;
  }
  RMQ_CHECK(false);
}

}  // namespace

AnswerDesk::AnswerDesk(std::vector<std::function<void()>> wakes, size_t pending_max)
    : pending_max_(pending_max), wakes_(std::move(wakes)), mailboxes_(wakes_.size()) {
  RMQ_CHECK(!wakes_.empty());
  RMQ_CHECK(pending_max_ > 0);
}

bool AnswerDesk::Admit(uint32_t shard) {
  const std::lock_guard lock(mutex_);
  Mailbox& mailbox = mailboxes_[shard];
  if (mailbox.pending_count >= pending_max_) return false;
  ++mailbox.pending_count;
  return true;
}

LoginAnswer AnswerDesk::MakeAnswer(uint32_t shard, uint64_t token) {
  Ref();
  return {this, shard, token};
}

void AnswerDesk::Put(uint32_t shard, AuthResult result) {
  const std::lock_guard lock(mutex_);
  if (wakes_.empty()) return;
  Mailbox& mailbox = mailboxes_[shard];
  mailbox.results.push_back(result);
  RMQ_CHECK(mailbox.results.size() <= mailbox.pending_count);
  // Within the lock: Close() must not return while a wake is under way.
  if (mailbox.results.size() == 1) wakes_[shard]();
}

void AnswerDesk::Drain(uint32_t shard, std::vector<AuthResult>& out) {
  const std::lock_guard lock(mutex_);
  Mailbox& mailbox = mailboxes_[shard];
  RMQ_CHECK(mailbox.results.size() <= mailbox.pending_count);
  mailbox.pending_count -= mailbox.results.size();
  out.insert(out.end(), mailbox.results.begin(), mailbox.results.end());
  mailbox.results.clear();
}

void AnswerDesk::Close() {
  const std::lock_guard lock(mutex_);
  wakes_.clear();
}

FunctionAuthenticator::FunctionAuthenticator(Authenticate function,
                                             std::vector<std::function<void()>> wakes,
                                             size_t pending_max)
    : function_(std::move(function)),
      desk_(new AnswerDesk(std::move(wakes), pending_max)),
      thread_([this] { Run(); }) {}

FunctionAuthenticator::~FunctionAuthenticator() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  for (Job& job : jobs_) {
    OPENSSL_cleanse(job.request.password.data(), job.request.password.size());
  }
  desk_->Close();
  desk_->Unref();
}

AuthVerdict FunctionAuthenticator::Start(uint32_t shard_index, AuthRequest request) {
  if (!desk_->Admit(shard_index)) return AuthVerdict::kBusy;
  std::string peer = request.peer;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({shard_index, std::move(request), std::move(peer)});
  }
  changed_.notify_one();
  return AuthVerdict::kPending;
}

void FunctionAuthenticator::Drain(uint32_t shard_index, std::vector<AuthResult>& out) {
  desk_->Drain(shard_index, out);
}

// Ends when the owner destroys the authenticator.
void FunctionAuthenticator::Run() {
  ::pthread_setname_np(::pthread_self(), "ringmq-auth");
  while (std::optional<Job> job = TakeJob()) {
    AuthRequest& request = job->request;
    function_({.client_id = request.client_id,
               .username = request.username,
               .password = request.password,
               .peer = job->peer},
              desk_->MakeAnswer(job->shard, request.token));
    OPENSSL_cleanse(request.password.data(), request.password.size());
  }
}

std::optional<FunctionAuthenticator::Job> FunctionAuthenticator::TakeJob() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
  if (stopping_) return std::nullopt;
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

bool FunctionRights::Allows(const Identity& who, Right right,
                            std::string_view topic_or_filter) const {
  return function_({.client_id = who.client_id,
                    .username = who.anonymous ? std::string_view() : who.username,
                    .topic = topic_or_filter,
                    .access = AccessOf(right)});
}

}  // namespace ringmq::broker

namespace ringmq {

void LoginAnswer::Accept() noexcept {
  if (desk_ == nullptr) return;
  broker::AnswerDesk* const desk = std::exchange(desk_, nullptr);
  desk->Put(shard_, {.token = token_, .verdict = broker::AuthVerdict::kAllow});
  desk->Unref();
}

void LoginAnswer::Refuse(ReasonCode reason) noexcept {
  if (desk_ == nullptr) return;
  RMQ_CHECK(IsFailure(reason));
  broker::AnswerDesk* const desk = std::exchange(desk_, nullptr);
  desk->Put(shard_, {.token = token_, .verdict = broker::AuthVerdict::kDeny, .reason = reason});
  desk->Unref();
}

}  // namespace ringmq
