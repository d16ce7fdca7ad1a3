// One core's broker: its sessions, connections, subscriptions and share of the retained messages,
// driven by one loop turn at a time.
//
// A Shard reads no clock, makes no system call and starts no thread: everything comes through the
// Ring, the mesh and the authenticator. The simulation therefore runs the very same object code.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "broker/core.h"
#include "broker/dispatcher.h"
#include "broker/gate.h"
#include "broker/interests.h"
#include "broker/protocol.h"
#include "broker/retained_desk.h"
#include "broker/sessions.h"
#include "broker/subscriptions.h"
#include "broker/sys_topics.h"
#include "broker/wire.h"

namespace ringmq::broker {

class Shard {
 public:
  // All references outlive the shard. Belongs to the thread that calls Turn().
  Shard(const ShardOptions& options, const Config& config, reactor::Ring& ring, CoreMesh& mesh,
        Shared& shared, Authenticator& authenticator, const AuthMethods& auth_methods, Log& log);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Takes over a listening descriptor. `listener` is its place in Config::listeners.
  void Listen(int fd, uint32_t listener) { wire_.Listen(fd, listener); }
  // A link of this process, whose client identifier lives here. Let go at once when stopping.
  void Attach(Pipe::ShardEnd pipe) {
    if (!stopping_) protocol_.OnLink(std::move(pipe));
  }
  // The last call but those that only look: tells links that nobody is here any more.
  void ClosePipes() { wire_.ClosePipes(); }
  // For connections that are accepted from here on.
  void SetSocketLookup(SocketLookup lookup) { core_.socket_lookup = std::move(lookup); }
  void SetKernelTls(KernelTls kernel_tls) { core_.kernel_tls = std::move(kernel_tls); }
  void SetMakeTunnel(MakeTunnel make_tunnel) { core_.make_tunnel = std::move(make_tunnel); }
  // New rights count from now on, for messages that wait in queues too.
  void SetPolicy(AccessPolicy policy);

  // One turn: submits what the last one wrote, waits for at most `wait_max`, handles everything
  // that has come.
  void Turn(Duration wait_max);

  // Stops accepting, says goodbye to every client, and sends what is written. stopped() when the
  // last listener and connection are closed, or at the deadline.
  void BeginStop(Duration time_max);
  [[nodiscard]] bool stopped() const;
  // What the owner of a stopped shard has to close: nothing, unless the deadline came first.
  [[nodiscard]] std::vector<int> Descriptors() const { return wire_.Descriptors(); }

  [[nodiscard]] Statistics Snapshot() const;
  [[nodiscard]] const Core& core() const { return core_; }
  // Nothing waits here for another core, a queue step or a reply.
  [[nodiscard]] bool idle() const;
  // Crashes if an invariant is broken. O(n).
  void Audit() const;

 private:
  static constexpr size_t kCompletionsPerTurn = 1024;

  [[nodiscard]] Instant TurnDeadline(Duration wait_max);
  void DrainLanes();
  void OnParcel(CoreId from, Parcel&& parcel);
  void FireTimers();
  void Housekeep();
  void EndCondemned();
  void WatchMemory();

  Core core_;
  CoreMesh& mesh_;
  Wire wire_;
  RetainedDesk retained_;
  Interests interests_;
  Dispatcher dispatcher_;
  Sessions sessions_;
  Gate gate_;
  Subscriptions subscriptions_;
  SysTopics sys_topics_;
  Protocol protocol_;
  base::TimerNode housekeeping_;
  base::TimerNode sys_timer_;
  bool stopping_ = false;
  Instant stop_deadline_ = Instant::Max();
  std::array<reactor::Completion, kCompletionsPerTurn> completions_;
};

}  // namespace ringmq::broker
