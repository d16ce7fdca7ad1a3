// The life of one packet: bytes into frames, frames into packets, packets to whoever handles them;
// and what the standard says when they are wrong (5.0 s4.13).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "broker/core.h"
#include "broker/dispatcher.h"
#include "broker/gate.h"
#include "broker/sessions.h"
#include "broker/subscriptions.h"
#include "broker/wire.h"
#include "codec/decode.h"
#include "codec/framer.h"

namespace ringmq::broker {

class Protocol final : public WireEvents {
 public:
  Protocol(Core& core, Wire& wire, Gate& gate, Sessions& sessions, Dispatcher& dispatcher,
           Subscriptions& subscriptions, RetainedDesk& retained)
      : core_(core),
        wire_(wire),
        gate_(gate),
        sessions_(sessions),
        dispatcher_(dispatcher),
        subscriptions_(subscriptions),
        retained_(retained) {}

  // WireEvents.
  void OnAccepted(int fd, uint32_t listener) override;
  size_t OnBytes(Connection& connection, std::span<const uint8_t> input) override;
  size_t BytesNeeded(const Connection& connection, std::span<const uint8_t> input) override;
  void OnGone(Connection& connection) override;
  void OnHandOver(Connection& connection) override;
  void OnDrained(Connection& connection) override;

  // A link of this process, on the core of its client identifier. No limit counts for it.
  void OnLink(Pipe::ShardEnd pipe);

  // Connect timeout, keep alive or lingering close.
  void OnTimer(Connection& connection);

  // Lets publishers go on that were paused, if what paused them is over. Once a turn.
  void ResumePaused();
  [[nodiscard]] bool has_paused() const { return !paused_.empty(); }
  [[nodiscard]] bool may_resume() const {
    return !core_.outbox.blocked() && !core_.shared.memory_full.load(std::memory_order_relaxed);
  }

  // Ends every connection: the server is shutting down.
  void DisconnectAll();

 private:
  [[nodiscard]] bool HasRoom(Connection& connection, int64_t others, uint32_t maximum,
                             std::string_view which);
  // False: leave the packet where it is.
  bool OnFrame(Connection& connection, const codec::FrameHead& head, codec::Bytes body);
  bool OnEarlyFrame(Connection& connection, const codec::FrameHead& head, codec::Bytes body);
  bool OnOpenFrame(Connection& connection, const codec::FrameHead& head, codec::Bytes body);
  void OnPublish(Connection& connection, uint8_t flags, codec::Bytes body);
  void OnAck(Connection& connection, PacketType type, codec::Bytes body);
  void OnSubscribe(Connection& connection, codec::Bytes body);
  void OnUnsubscribe(Connection& connection, codec::Bytes body);
  void OnDisconnect(Connection& connection, codec::Bytes body);
  void OnAuth(Connection& connection, codec::Bytes body);

  [[nodiscard]] bool ResolveAlias(Connection& connection, codec::Publish& publish);
  [[nodiscard]] ReasonCode CheckPublish(const ClientSession& session,
                                        const codec::Publish& publish) const;
  ReasonCode Route(ClientSession& session, const codec::Publish& publish);
  [[nodiscard]] bool MustPause(const Connection& connection) const;
  void PausePublisher(Connection& connection);
  void Reject(Connection& connection, ReasonCode reason, std::string_view what);
  void RejectDecoded(Connection& connection, codec::DecodeError error, std::string_view what);
  [[nodiscard]] codec::DecodeLimits limits() const {
    return {.user_properties_max = core_.config.limits.user_properties_max};
  }

  Core& core_;
  Wire& wire_;
  Gate& gate_;
  Sessions& sessions_;
  Dispatcher& dispatcher_;
  Subscriptions& subscriptions_;
  RetainedDesk& retained_;
  std::vector<base::Handle<Connection>> paused_;
  std::vector<base::Handle<Connection>> resuming_;  // ResumePaused()'s own; kept for its memory.
};

}  // namespace ringmq::broker
