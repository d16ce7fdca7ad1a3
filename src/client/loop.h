// The event loop behind ringmq::EventLoop: connects, drives the Core, comes back.
//
//   kIdle --> kResolving --> kDialing --> kOpening --> kConnected
//                 ^                                        |
//                 +------- kWaiting <--(backoff)-----------+
//
// kOpening is what the layers do: TLS to the proxy, the proxy, TLS, the upgrade of WebSocket. Each
// step may fail; what is not needed is left out.
//
// One turn: take commands, read, decide, write, once round the ring.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "client/connection.h"
#include "client/core.h"
#include "client/dialer.h"
#include "client/hub.h"
#include "client/layering.h"
#include "client/resolver.h"
#include "client/retry.h"
#include "reactor/ring.h"
#include "ringmq/client.h"

namespace ringmq::client {

class Loop {
 public:
  // `options` were checked.
  Loop(Options options, std::unique_ptr<reactor::Ring> ring, uint64_t seed, Duration wall_offset);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Reads the files that the options name. Once, before Poll().
  [[nodiscard]] Expected<void> Prepare();
  [[nodiscard]] Expected<EventBatch> Poll(std::chrono::milliseconds timeout);
  [[nodiscard]] int descriptor() {
    has_foreign_owner_ = true;
    hub_->set_is_listening(false);
    return ring_->PollDescriptor();
  }
  [[nodiscard]] Instant NextDeadline() const;
  void RebindThread() noexcept;
  [[nodiscard]] Hub& hub() { return *hub_; }

 private:
  enum class State : uint8_t {
    kIdle,
    kResolving,
    kDialing,
    kOpening,
    kConnected,
    kWaiting,
    kEnded
  };

  void BindThread();
  void TakeCommands();
  void Apply(Command& command);
  void ReadPackets(Instant now);
  void CheckTimers(Instant now);
  void Decide(Instant now);
  void BeginAttempt(Instant now);
  void Resolved(Instant now);
  void Dial(std::vector<Address> addresses, Instant now);
  void AskConnector(Instant now);
  void AbandonConnector();
  void Dialed(int fd, Instant now);
  void TransportUp(Instant now);
  void OpenLayers(Instant now);
  void ReadLayers(Instant now);
  [[nodiscard]] Error LayersError() const;
  [[nodiscard]] std::string_view LossText() const;
  [[nodiscard]] Phase phase() const;
  void CheckConnection(Instant now);
  void AttemptFailed(Error error, Instant now);
  void ConnectionEnded(Error cause, Instant now);
  void PlanRetry(const Core::Ending& ending, Instant now);
  void Finish(std::optional<Error> cause);
  void Turn(Instant deadline);
  void Exchange(Instant deadline);
  void Report();
  [[nodiscard]] size_t batch_room() const;
  [[nodiscard]] bool has_work() const;

  Options options_;
  std::unique_ptr<reactor::Ring> ring_;
  Hub* const hub_;  // Counted; one reference is ours.
  base::Random random_;
  Core core_;
  Layering layering_;  // Outlives the connection, whose layers use it.
  Connection connection_;
  Dialer dialer_;
  Resolver resolver_;
  Retry retry_;
  bool connector_waits_ = false;  // The user's has said that it is not there yet.

  State state_ = State::kIdle;
  bool bound_ = false;
  Endpoint endpoint_;         // Of the present attempt.
  uint32_t next_server_ = 0;  // In options_.servers.
  Instant attempt_deadline_ = Instant::Max();
  Instant retry_at_ = Instant::Max();
  std::string username_;
  std::string password_;
  std::optional<Error> end_;         // What Poll() returns from now on.
  bool told_of_connection_ = false;  // Whoever waits for one.
  bool reconnect_asked_ = false;
  bool has_foreign_owner_ = false;  // Somebody waits for our descriptor.
  bool has_news_ = false;           // Completions that Decide() has not heard of.

  std::vector<Command> commands_;
  std::vector<reactor::Op> ops_;
  std::vector<reactor::Completion> completions_;
  ClientStats stats_;
  uint64_t counted_sent_bytes_ = 0;  // Of the present connection, in stats_.
  uint64_t counted_received_bytes_ = 0;
};

}  // namespace ringmq::client
