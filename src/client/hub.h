// What the handles on any thread and the event loop on its own share: a bounded queue of commands,
// the budget of what is published, and who has to be woken.
//
// One mutex guards it all; a publish holds it for as long as it takes to append to a vector. The
// loop takes the whole vector in one exchange. The loop is woken once for a burst: by whoever finds
// the queue empty.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "client/ack_sink.h"
#include "client/core.h"
#include "codec/message.h"
#include "reactor/ring.h"
#include "ringmq/client.h"

namespace ringmq::client {

struct PublishCommand {
  codec::MessageRef message;  // The only reference, so it may change threads.
  PublishPromise promise;
  size_t size_bytes = 0;
  Qos qos = Qos::kAtMostOnce;
};
// A publish that gave way before the loop heard of it. The promise is empty if it could be resolved
// at once: callbacks are called on the loop's thread.
struct DroppedCommand {
  PublishPromise promise;
};
struct AckCommand {
  uint64_t ticket = 0;
  ReasonCode reason = ReasonCode::kSuccess;
  bool abandon = false;
};
struct CancelCommand {
  PublishHandle handle;
};
struct ReconnectCommand {};
struct ReauthenticateCommand {};
using Command =
    std::variant<PublishCommand, SubscribeCall, RequestCall, AckCommand, CancelCommand,
                 DisconnectCall, ReconnectCommand, ReauthenticateCommand, DroppedCommand>;

class Hub final : public AckSink {
 public:
  Hub(const Options& options, reactor::Ring* ring);
  ~Hub() override;

  // --- Any thread.
  // Takes the publish, or resolves its promise at once: kWouldBlock, kOverflow, kShutdown. Whether
  // it was taken.
  bool Publish(PublishCommand command);
  // As Publish(), after waiting for room. False: no room before the deadline; nothing was taken.
  enum class Room : uint8_t { kYes, kTimedOut, kDeadlock, kStopped };
  [[nodiscard]] Room AwaitRoom(size_t size_bytes, std::chrono::steady_clock::time_point deadline);
  // False: the loop has ended, and `command` is as it was.
  [[nodiscard]] bool Post(Command& command);
  // Makes Poll() return.
  void WakeOwner();
  // One handle for everybody who asks between two connections.
  [[nodiscard]] ConnectHandle WhenConnected();
  [[nodiscard]] ClientStats stats();
  [[nodiscard]] ProtocolVersion version() const { return version_; }
  [[nodiscard]] Attention& attention() { return *attention_; }
  [[nodiscard]] bool on_loop_thread() const {
    return attention_->loop_thread.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

  void Send(uint64_t ticket, ReasonCode reason) noexcept override;
  void Unused(uint64_t ticket) noexcept override;
  void Release(uint64_t ticket) noexcept override;

  // --- The loop's thread.
  // False: calls on the loop's own thread wake it as well, since its owner waits for the descriptor
  // and may have looked at NextDeadline() before.
  void set_is_listening(bool is_listening) { is_listening_ = is_listening; }
  // Something was asked for that the loop has not heard of.
  [[nodiscard]] bool has_commands();
  // Gives everything that waits to the caller, in order.
  void Take(std::vector<Command>& commands);
  // What is unfinished of what was taken. True: somebody was told to come back, and may now.
  struct Held {
    uint32_t messages = 0;
    uint64_t bytes = 0;
    uint32_t queued_qos0 = 0;  // Never sent.
    uint64_t queued_qos0_bytes = 0;
  };
  [[nodiscard]] bool SetHeld(const Held& held, const ClientStats& stats);
  // Calls whoever waits for it. Every time that it is connected anew.
  void SetConnected(ConnectResult connection);
  void SetDisconnected();
  // No command is taken any more, and nobody waits for a connection. The ring is gone after this.
  void Close(std::vector<Command>& commands);

 private:
  [[nodiscard]] bool HasRoom(size_t size_bytes) const;
  [[nodiscard]] bool MakeRoom(size_t size_bytes);
  [[nodiscard]] bool IsDroppable(const Command& command) const;
  void DropOldestWaiting();
  void CompactCommands();
  void Append(Command command);
  void Forget();

  const OutboundLimits limits_;
  const UnusedAcks unused_acks_;
  const ProtocolVersion version_;
  Attention* const attention_;

  bool is_listening_ = true;  // Of the loop's thread alone.

  std::mutex mutex_;  // Guards all below.
  std::condition_variable room_;
  reactor::Ring* ring_;  // Null once the loop has ended.
  std::vector<Command> commands_;
  uint32_t waiting_messages_ = 0;  // Published, in commands_.
  uint64_t waiting_bytes_ = 0;
  uint32_t waiting_qos0_ = 0;  // Of them.
  uint64_t waiting_qos0_bytes_ = 0;
  size_t droppable_from_ = 0;          // No command before this one may be dropped.
  size_t holes_ = 0;                   // Dropped ones with nobody to tell.
  Held held_;                          // The loop's.
  ConnectPromise connection_promise_;  // Empty while connected, and once the loop has ended.
  ConnectHandle connection_;
  bool turned_away_ = false;  // Somebody got kWouldBlock since there was room last.
  ClientStats stats_;
};

}  // namespace ringmq::client
