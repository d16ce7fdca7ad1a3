// SPDX-License-Identifier: Apache-2.0
#include "broker/broker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "base/check.h"
#include "broker/acl_file.h"
#include "broker/auth_worker.h"
#include "broker/password_file.h"
#include "broker/peer_address.h"
#include "reactor/clock.h"
#include "reactor/features.h"
#include "reactor/listen.h"

namespace ringmq::broker {
namespace {

// Parcels between two cores that may wait; what is more waits at the sender and pauses publishers.
constexpr size_t kLaneParcels = 4096;
// A shard looks at its mailboxes at least this often, and proves that it lives.
constexpr Duration kTurnMax = 500 * kMillisecond;
// How long a request waits for one shard: several turns, and short for a watchdog.
constexpr std::chrono::seconds kAnswerWaitMax{2};

CoreId CountOf(const Config& config) {
  const uint32_t wanted =
      config.server.threads != 0 ? config.server.threads : std::thread::hardware_concurrency();
  return static_cast<CoreId>(std::clamp<size_t>(wanted, 1, base::kCoresMax));
}

reactor::IoBackend BackendOf(IoBackend backend) {
  switch (backend) {
    case IoBackend::kAuto:
      return reactor::IoBackend::kAuto;
    case IoBackend::kUring:
      return reactor::IoBackend::kUring;
    case IoBackend::kEpoll:
      return reactor::IoBackend::kEpoll;
  }
  RMQ_CHECK(false);
}

reactor::ListenOptions SocketOptionsOf(const ListenerConfig& listener, bool is_shared) {
  return {.backlog = static_cast<int>(listener.backlog),
          .reuse_port = is_shared,
          .dual_stack = listener.dual_stack,
          .device = listener.bind_device,
          .keep_alive_s = listener.tcp_keep_alive_s,
          .user_timeout_ms = listener.tcp_user_timeout_ms,
          .send_buffer_bytes = listener.send_buffer_bytes,
          .receive_buffer_bytes = listener.receive_buffer_bytes};
}

uint32_t UnixModeOf(const ListenerConfig& listener) {
  if (listener.unix_mode.empty()) return kUnixModeDefault;
  return static_cast<uint32_t>(std::stoul(listener.unix_mode, nullptr, 8));
}

uint64_t RandomSeed() {
  uint64_t seed = 0;
  RMQ_CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

}  // namespace

Broker::Broker(const Config& config, Log& log, const AuthMethods& auth_methods,
               const Extensions& extensions)
    : config_(config),
      log_(log),
      auth_methods_(auth_methods),
      extensions_(extensions),
      count_(CountOf(config)),
      mesh_(count_, kLaneParcels),
      seed_(RandomSeed()) {
  for (CoreId i = 0; i < count_; ++i) workers_.push_back(std::make_unique<Worker>());
}

Broker::~Broker() {
  Stop();
  CloseHandedOver();
  for (const auto& worker : workers_) {
    worker->shard.reset();
    worker->ring.reset();
    for (const int fd : worker->listeners) {
      if (fd >= 0) close(fd);
    }
  }
  for (const std::string& path : unix_paths_) (void)unlink(path.c_str());
}

// A connection may be on its way to a shard that had stopped.
void Broker::CloseHandedOver() {
  for (CoreId core = 0; core < count_; ++core) {
    mesh_.Drain(core, SIZE_MAX, [](CoreId, Parcel&& parcel) {
      const Parcel taken = std::move(parcel);
      if (const auto* hand_off = std::get_if<std::unique_ptr<HandOff>>(&taken)) {
        close((*hand_off)->fd);
      }
    });
  }
}

absl::StatusOr<std::unique_ptr<Broker>> Broker::Start(const Config& config, Log& log,
                                                      const AuthMethods& auth_methods,
                                                      const Extensions& extensions) {
  auto broker = std::unique_ptr<Broker>(new Broker(config, log, auth_methods, extensions));
  if (absl::Status status = broker->LoadRights(); !status.ok()) return status;
  if (absl::Status status = broker->LoadTransports(); !status.ok()) return status;
  if (absl::Status status = broker->OpenListeners(); !status.ok()) return status;
  if (absl::Status status = broker->StartWorkers(); !status.ok()) return status;
  return broker;
}

absl::StatusOr<std::vector<std::string>> Broker::Check(const Config& config) {
  auto passwords = LoadPasswords(config);
  if (!passwords.ok()) return passwords.status();
  if (!config.auth.acl_file.empty()) {
    const auto policy = LoadAclFile(config.auth.acl_file);
    if (!policy.ok()) return policy.status();
  }
  Config without_log = config;
  without_log.server.tls_keylog_file.clear();  // Loading would make the file.
  const auto transports = Transports::Load(without_log);
  if (!transports.ok()) return transports.status();
  std::vector<std::string> warnings = std::move(passwords->warnings);
  warnings.insert(warnings.end(), (*transports)->warnings().begin(),
                  (*transports)->warnings().end());
  return warnings;
}

absl::Status Broker::LoadRights() {
  auto passwords = LoadPasswords(config_);
  if (!passwords.ok()) return passwords.status();
  for (const std::string& warning : passwords->warnings) log_.Warning("{}", warning);
  if (!config_.auth.acl_file.empty()) {
    auto policy = LoadAclFile(config_.auth.acl_file);
    if (!policy.ok()) return policy.status();
    policy_ = *std::move(policy);
  }
  policy_.SetHook(extensions_.rights);
  std::vector<AuthWorker::Wake> wakes;
  for (const auto& worker : workers_) {
    wakes.emplace_back([&worker = *worker] { worker.ring->Wake(); });
  }
  if (extensions_.make_authenticator) {
    authenticator_ = extensions_.make_authenticator(std::move(wakes));
    return absl::OkStatus();
  }
  authenticator_ = std::make_unique<AuthWorker>(std::move(passwords->table), std::move(wakes),
                                                config_.auth.checks_pending_max);
  return absl::OkStatus();
}

absl::Status Broker::LoadTransports() {
  auto transports = Transports::Load(config_);
  if (!transports.ok()) return transports.status();
  transports_ = *std::move(transports);
  for (const std::string& warning : transports_->warnings()) log_.Warning("{}", warning);
  kernel_tls_ = MakeKernelTls(config_);
  return absl::OkStatus();
}

absl::Status Broker::Reload() {
  auto passwords = LoadPasswords(config_);
  if (!passwords.ok()) return passwords.status();
  AccessPolicy policy = AccessPolicy::AllowEverything();
  if (!config_.auth.acl_file.empty()) {
    auto loaded = LoadAclFile(config_.auth.acl_file);
    if (!loaded.ok()) return loaded.status();
    policy = *std::move(loaded);
  }
  policy.SetHook(extensions_.rights);
  // The last that can fail, and it changes nothing then.
  if (absl::Status status = transports_->Reload(); !status.ok()) return status;
  for (const std::string& warning : passwords->warnings) log_.Warning("{}", warning);
  for (const std::string& warning : transports_->warnings()) log_.Warning("{}", warning);
  unix_users_.Forget();
  authenticator_->ReplacePasswords(std::move(passwords->table));
  for (const auto& worker : workers_) OfferPolicy(*worker, policy);
  for (const auto& worker : workers_) AwaitPolicyTaken(*worker);
  return absl::OkStatus();
}

void Broker::OfferPolicy(Worker& worker, const AccessPolicy& policy) {
  const std::lock_guard lock(worker.mutex);
  if (worker.ended) return;
  worker.next_policy = policy;
  AnnounceRequest(worker);
}

// Requires: the worker's mutex is held, and its shard has not ended.
void Broker::AnnounceRequest(Worker& worker) {
  worker.has_requests.store(true, std::memory_order_release);
  worker.ring->Wake();
}

// What arrives while a shard is between two turns could still be handled under the old rights;
// once all have taken the new ones, nothing is.
void Broker::AwaitPolicyTaken(Worker& worker) {
  std::unique_lock lock(worker.mutex);
  const bool taken = worker.answered.wait_for(lock, kAnswerWaitMax,
                                              [&] { return !worker.next_policy.has_value(); });
  if (!taken) log_.Warning("a shard is late; it takes the new rights with its next turn");
}

bool Broker::Attach(std::string_view client_id, Pipe::ShardEnd pipe) {
  Worker& worker = *workers_[HomeOf(client_id, seed_, count_)];
  const std::lock_guard lock(worker.mutex);
  if (worker.ended) return false;
  worker.next_pipes.push_back(std::move(pipe));
  AnnounceRequest(worker);
  return true;
}

bool Broker::IsShardThread() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker->thread_id.load(std::memory_order_relaxed) == std::this_thread::get_id();
  });
}

Statistics Broker::CollectStatistics() const {
  const bool may_wait = !IsShardThread();
  Statistics total;
  for (const auto& worker : workers_) {
    const std::lock_guard lock(worker->mutex);
    if (!may_wait || worker->ended) continue;
    worker->statistics_wanted = true;
    AnnounceRequest(*worker);
  }
  for (const auto& worker : workers_) {
    std::unique_lock lock(worker->mutex);
    if (may_wait) {
      worker->answered.wait_for(lock, kAnswerWaitMax, [&] { return !worker->statistics_wanted; });
    }
    total.Add(worker->statistics);
  }
  return total;
}

// One listener per shard and port: the kernel spreads connections over them.
absl::Status Broker::OpenListeners() {
  for (const ListenerConfig& listener : config_.listeners) {
    if (IsUnixAddress(listener.address)) {
      if (absl::Status status = OpenUnixListener(listener); !status.ok()) return status;
      continue;
    }
    uint16_t port = listener.port;
    for (const auto& worker : workers_) {
      absl::StatusOr<int> fd =
          reactor::ListenTcp(listener.address, port, SocketOptionsOf(listener, count_ > 1));
      if (!fd.ok()) return fd.status();
      worker->listeners.push_back(*fd);
      port = reactor::LocalPort(*fd);  // The same for all, if the kernel chose.
    }
    ports_.push_back(port);
  }
  return absl::OkStatus();
}

// On the first shard only: the kernel spreads nothing over several that share a Unix socket, and
// connections go home with their CONNECT.
absl::Status Broker::OpenUnixListener(const ListenerConfig& listener) {
  const std::string path = listener.address.substr(kUnixPrefix.size());
  const absl::StatusOr<int> fd =
      reactor::ListenUnix(path, {.backlog = static_cast<int>(listener.backlog),
                                 .mode = UnixModeOf(listener),
                                 .owner = listener.unix_owner,
                                 .group = listener.unix_group});
  if (!fd.ok()) return fd.status();
  if (path.front() != '@') unix_paths_.push_back(path);
  for (const auto& worker : workers_) {
    worker->listeners.push_back(worker == workers_.front() ? *fd : -1);
  }
  ports_.push_back(0);
  return absl::OkStatus();
}

absl::Status Broker::StartWorkers() {
  std::vector<std::future<absl::Status>> made;
  std::promise<bool> go;
  std::shared_future<bool> gate = go.get_future().share();
  for (CoreId index = 0; index < count_; ++index) {
    std::promise<absl::Status> ready;
    made.push_back(ready.get_future());
    // A ring belongs to the thread that made it; no shard runs before all rings are there, since
    // any of them may be woken.
    workers_[index]->thread = std::thread([this, index, gate, ready = std::move(ready)]() mutable {
      Worker& worker = *workers_[index];
      std::string notice;
      auto ring = reactor::MakeRing(BackendOf(config_.server.io), {}, &notice);
      if (!notice.empty() && index == 0) log_.Warning("{}", notice);
      if (ring.ok()) worker.ring = *std::move(ring);
      ready.set_value(ring.status());
      if (gate.get()) Run(index);
    });
    if (config_.server.pin_threads) Pin(workers_[index]->thread, index);
  }
  absl::Status status = absl::OkStatus();
  for (std::future<absl::Status>& one : made) status.Update(one.get());
  for (CoreId index = 0; status.ok() && index < count_; ++index) {
    mesh_.SetWaker(index, workers_[index]->ring.get());
  }
  go.set_value(status.ok());
  if (!status.ok()) {
    for (const auto& worker : workers_) worker->thread.join();
  }
  return status;
}

void Broker::Pin(std::thread& thread, CoreId index) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(index, &cpus);
  // A machine with fewer CPUs than shards: the scheduler decides then.
  (void)pthread_setaffinity_np(thread.native_handle(), sizeof(cpus), &cpus);
}

void Broker::Run(CoreId index) {
  Worker& worker = *workers_[index];
  worker.thread_id.store(std::this_thread::get_id(), std::memory_order_relaxed);
  worker.shard = std::make_unique<Shard>(ShardOptions{.index = index,
                                                      .count = count_,
                                                      .seed = seed_ + index,
                                                      .hash_key = seed_,
                                                      .events = extensions_.events},
                                         config_, *worker.ring, mesh_, shared_, *authenticator_,
                                         auth_methods_, log_);
  Shard& shard = *worker.shard;
  shard.SetPolicy(policy_);
  shard.SetSocketLookup(
      {.user = [this](int fd) { return unix_users_.PeerOf(fd); }, .address = PeerAddressOf});
  shard.SetKernelTls(kernel_tls_);
  shard.SetMakeTunnel([this](uint32_t listener, int fd) {
    return transports_->Make(listener, fd, reactor::MonotonicNow());
  });
  for (size_t i = 0; i < worker.listeners.size(); ++i) {
    if (worker.listeners[i] < 0) continue;
    shard.Listen(worker.listeners[i], static_cast<uint32_t>(i));
  }
  worker.listeners.clear();  // The shard closes them.
  // Ends when the broker is told to stop and the shard has said goodbye.
  while (!shard.stopped()) {
    if (stop_requested_.load(std::memory_order_acquire)) {
      shard.BeginStop(int64_t{config_.server.stop_timeout_ms} * kMillisecond);
      if (shard.stopped()) break;  // Nothing was open: nothing would end the next turn.
    }
    if (worker.has_requests.load(std::memory_order_acquire)) {
      TakeRequests(worker, Turnover::kGoesOn);
    }
    shard.Turn(kTurnMax);
    worker.turns.fetch_add(1, std::memory_order_relaxed);
  }
  shard.Turn({});  // Submits what the last turn wrote.
  for (const int fd : shard.Descriptors()) close(fd);
  shard.ClosePipes();
  TakeRequests(worker, Turnover::kLast);
}

void Broker::TakeRequests(Worker& worker, Turnover turnover) {
  {
    const std::lock_guard lock(worker.mutex);
    worker.has_requests.store(false, std::memory_order_relaxed);
    if (worker.next_policy.has_value()) worker.shard->SetPolicy(*std::move(worker.next_policy));
    worker.next_policy.reset();
    for (Pipe::ShardEnd& pipe : worker.next_pipes) {
      if (turnover == Turnover::kGoesOn) worker.shard->Attach(std::move(pipe));
    }
    worker.next_pipes.clear();
    worker.statistics = worker.shard->Snapshot();
    worker.statistics_wanted = false;
    worker.ended = turnover == Turnover::kLast;
  }
  worker.answered.notify_all();
}

void Broker::Stop() {
  stop_requested_.store(true, std::memory_order_release);
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->ring->Wake();
  }
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
  authenticator_.reset();  // Its thread; shards that do not run ask it nothing.
}

bool Broker::CheckProgress() {
  bool all = true;
  for (const auto& worker : workers_) {
    const uint64_t turns = worker->turns.load(std::memory_order_relaxed);
    all = all && turns != worker->turns_seen;
    worker->turns_seen = turns;
  }
  return all;
}

}  // namespace ringmq::broker
