// The broker as a whole: listeners, one thread and ring per shard, start, reload, stop.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "broker/acl.h"
#include "broker/auth.h"
#include "broker/config.h"
#include "broker/enhanced_auth.h"
#include "broker/event_sink.h"
#include "broker/kernel_tls.h"
#include "broker/log.h"
#include "broker/parcel.h"
#include "broker/pipe.h"
#include "broker/shard.h"
#include "broker/statistics.h"
#include "broker/transports.h"
#include "broker/unix_users.h"
#include "reactor/ring.h"

namespace ringmq::broker {

// What a program that embeds the broker puts into it. What is pointed to outlives the broker;
// null: nothing.
struct Extensions {
  EventSink* events = nullptr;
  const RightsHook* rights = nullptr;
  // Instead of the password check. Called once, by Start(); the wakes are as AuthWorker's.
  std::function<std::unique_ptr<Authenticator>(std::vector<std::function<void()>> wakes)>
      make_authenticator = {};
};

class Broker {
 public:
  // Opens the listeners, loads users and rights, starts the shards. `log` and `auth_methods`
  // outlive the broker. An error is a sentence for the operator.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Broker>> Start(
      const Config& config, Log& log, const AuthMethods& auth_methods,
      const Extensions& extensions = {});
  // Reads what Start() would read, passwords, rights, certificates, keys, and opens nothing. What
  // an operator should know of it. An error as from Start().
  [[nodiscard]] static absl::StatusOr<std::vector<std::string>> Check(const Config& config);
  // Stops if nobody did.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // Where it listens, in the order of Config::listeners; 0 for a Unix socket.
  [[nodiscard]] const std::vector<uint16_t>& ports() const { return ports_; }

  // Reads password and ACL files, certificates and keys again. On an error everything stays as it
  // was. Otherwise the new rights hold for everything that a client sends after this has returned,
  // and the certificates for new connections. One caller at a time, and not during Stop().
  [[nodiscard]] absl::Status Reload();

  // Stops accepting, says goodbye, flushes, and joins every thread, within stop_timeout_ms.
  void Stop();

  // Gives a new link to the shard that keeps the sessions of its client identifier. False: that one
  // has ended. Any thread.
  [[nodiscard]] bool Attach(std::string_view client_id, Pipe::ShardEnd pipe);
  // Whether the caller is one of the broker's own, which must not wait for another.
  [[nodiscard]] bool IsShardThread() const;

  // The figures of all shards: asks each and waits for two seconds at most, then the last known
  // count. On a shard's own thread: the last known. Any thread.
  [[nodiscard]] Statistics CollectStatistics() const;

  // Whether every shard has made a turn since the last call: what a watchdog wants to know.
  [[nodiscard]] bool CheckProgress();

 private:
  struct Worker {
    std::unique_ptr<reactor::Ring> ring;  // Made on the shard's thread.
    std::unique_ptr<Shard> shard;         // Touched by the shard's thread only.
    std::vector<int> listeners;           // By Config::listeners; -1: not on this shard.
    std::thread thread;
    std::atomic<std::thread::id> thread_id;  // Of `thread` once it runs; join() leaves it alone.
    std::atomic<uint64_t> turns{0};          // Relaxed: only whether it moves.
    uint64_t turns_seen = 0;
    // What others want of the shard. Looked at once a turn, without the mutex.
    std::atomic<bool> has_requests{false};
    mutable std::mutex mutex;                  // Guards all below, and every change of the above.
    mutable std::condition_variable answered;  // Something below changed.
    std::optional<AccessPolicy> next_policy;
    std::vector<Pipe::ShardEnd> next_pipes;
    bool statistics_wanted = false;
    bool ended = false;     // The shard takes no more requests.
    Statistics statistics;  // As last asked for; in the end the final ones.
  };

  Broker(const Config& config, Log& log, const AuthMethods& auth_methods,
         const Extensions& extensions);
  [[nodiscard]] absl::Status OpenListeners();
  [[nodiscard]] absl::Status OpenUnixListener(const ListenerConfig& listener);
  [[nodiscard]] absl::Status LoadRights();
  [[nodiscard]] absl::Status LoadTransports();
  [[nodiscard]] absl::Status StartWorkers();
  [[nodiscard]] absl::Status MakeRings();
  void Run(CoreId index);
  static void OfferPolicy(Worker& worker, const AccessPolicy& policy);
  void AwaitPolicyTaken(Worker& worker);
  static void AnnounceRequest(Worker& worker);
  enum class Turnover : uint8_t { kGoesOn, kLast };
  static void TakeRequests(Worker& worker, Turnover turnover);
  void CloseHandedOver();
  static void Pin(std::thread& thread, CoreId index);

  const Config config_;
  Log& log_;
  const AuthMethods& auth_methods_;
  const Extensions extensions_;
  const CoreId count_;
  CoreMesh mesh_;
  Shared shared_;
  AccessPolicy policy_ = AccessPolicy::AllowEverything();
  std::unique_ptr<Authenticator> authenticator_;
  UnixUsers unix_users_;
  std::unique_ptr<Transports> transports_;  // Set by Start(), before any shard runs.
  KernelTls kernel_tls_;                    // Likewise.
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<uint16_t> ports_;
  std::vector<std::string> unix_paths_;  // Files to remove.
  uint64_t seed_ = 0;
  std::atomic<bool> stop_requested_{false};
};

}  // namespace ringmq::broker
