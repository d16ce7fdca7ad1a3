// The client without sockets, threads and clocks: bytes and `now` in, bytes and events out.
//
//   kDown --TransportUp()--> kGreeting --CONNACK--> kUp --DISCONNECT written--> kLeaving
//     ^                          |                   |                             |
//     +------ TransportDown() ---+-------------------+-----------------------------+
//
// Owns the parts: Sender, Receiver, Subscriber, Requester. Whoever drives it (the event loop, the
// simulation) gives it whole packets, tells it what the kernel has taken, calls OnTimer() at
// next_deadline(), and closes the connection when it says so. Events pile up in events() until
// BeginBatch(); their views live that long too.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/ack_sink.h"
#include "client/expanded_topics.h"
#include "client/greeting.h"
#include "client/packet_ids.h"
#include "client/receiver.h"
#include "client/record_keeper.h"
#include "client/requester.h"
#include "client/sender.h"
#include "client/subscriber.h"
#include "client/wire.h"
#include "codec/framer.h"
#include "codec/topic_alias.h"
#include "ringmq/authenticator.h"
#include "ringmq/client.h"

namespace ringmq::client {

// A packet and the block that it stands in, if it has one that may be shared.
struct Frame {
  codec::FrameHead head;
  codec::Bytes body;
  const SharedBytes* block = nullptr;  // Lives until the next BeginBatch().
};

struct DisconnectCall {
  DisconnectOptions options;
  Instant deadline;
  PublishPromise promise;
};

class Core {
 public:
  // `options` and everything that it points to outlive the core; so do `attention` and `acks`.
  // `unique` differs from client to client.
  Core(const Options& options, Attention& attention, AckSink& acks, uint64_t unique,
       Duration wall_offset);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // --- From the user. Flush() sends what they cause.
  void Publish(Outgoing outgoing) { sender_.Publish(std::move(outgoing)); }
  void Subscribe(SubscribeCall call) { subscriber_.Call(std::move(call)); }
  void Request(RequestCall call) { requester_.Call(std::move(call)); }
  void Acknowledge(uint64_t ticket, ReasonCode reason) { receiver_.Acknowledge(ticket, reason); }
  void Abandon(uint64_t ticket) { receiver_.Abandon(ticket); }
  bool Cancel(const void* identity) { return sender_.Cancel(identity); }
  void Disconnect(DisconnectCall call);
  void Reauthenticate();

  // --- From the transport.
  // Writes CONNECT. `attempt` holds the credentials that the attempt hook left. False: the
  // authenticator refused to begin; see failure().
  bool OnTransportUp(codec::FrameSink& sink, const std::string& username,
                     const std::string& password, Instant now);
  void OnFrame(const Frame& frame, Instant now);
  // The stream cannot be cut into packets any more.
  void OnBadFrame(const codec::FrameParse& parse, Instant now);
  void OnWritten(uint64_t total_bytes) { sender_.OnWritten(total_bytes); }
  // The connection is gone, or never came. Returns why, for the Disconnected event: what went wrong
  // here first, otherwise `cause`.
  struct Ending {
    Error cause;
    std::string reason_string;
    std::string server_reference;
    AnswerProperties user_properties;
  };
  Ending OnTransportDown(Error cause);
  // Whether output should be flushed and the connection closed.
  [[nodiscard]] bool wants_close() const {
    return state_ == State::kLeaving || failure_.has_value() || records_.error().has_value();
  }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  // --- Turn.
  // The owner has seen the events: acknowledges what is to be acknowledged, forgets the views.
  void BeginBatch();
  // After input and commands: sends what may be sent, stores what must be stored first.
  void Flush(Instant now);
  void OnTimer(Instant now);
  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] std::vector<Event>& events() { return events_; }
  [[nodiscard]] size_t event_count() const { return events_.size(); }
  [[nodiscard]] bool has_events() const { return !events_.empty(); }

  // Whether everything published is finished: what draining waits for.
  [[nodiscard]] bool idle() const { return sender_.idle() && subscriber_.idle(); }
  // Disconnect() was called and all is done: nothing is to be expected any more.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] bool is_up() const { return state_ == State::kUp; }
  // Resolves every handle. Nothing may be called after it but the destructor and events().
  void Shutdown();

  // Requires: is_up().
  [[nodiscard]] ConnectResult connection() const {
    return {.outcome = Outcome::kAcknowledged,
            .session_present = session_present_,
            .client_id = client_id_};
  }
  [[nodiscard]] const Sender& sender() const { return sender_; }
  [[nodiscard]] const RecordKeeper& records() const { return records_; }
  [[nodiscard]] uint64_t messages_received() const { return messages_received_; }
  [[nodiscard]] uint64_t connects() const { return connects_; }
  // Before CONNACK the default; the stream's limit for whole packets.
  [[nodiscard]] uint32_t packet_bytes_max() const { return options_.incoming_packet_bytes_max; }
  [[nodiscard]] ProtocolVersion version() const { return options_.version; }
  void Audit() const;

 private:
  enum class State : uint8_t { kDown, kGreeting, kUp, kLeaving };
  // Shapes of the life of a batch's acknowledgements.
  struct Delivered {
    size_t event = 0;  // Index of the Message in events_.
    uint64_t ticket = 0;
  };

  void Restore();
  void Fail(Error error, ReasonCode tell_server);
  void FailMalformed(PacketType type);
  void FailProtocol(std::string detail, ReasonCode reason = ReasonCode::kProtocolError);
  void WriteGoodbye(const DisconnectOptions& options);
  void WriteAuth(ReasonCode reason, std::string_view data);
  void CheckDrained(Instant now);
  void FinishDisconnect(Outcome outcome);

  void OnConnack(codec::Bytes body, Instant now);
  void Welcome(const codec::Connack& connack, Instant now);
  void OnPublish(const Frame& frame);
  [[nodiscard]] std::optional<std::string_view> TopicOf(const codec::Publish& publish);
  void Deliver(const codec::Publish& publish, std::string_view topic, const SharedBytes* block,
               uint64_t ticket);
  [[nodiscard]] bool MayExplain(std::string_view reason_string,
                                const codec::PropertyList& properties);
  void OnAck(const Frame& frame);
  void OnSubscribeAck(const Frame& frame);
  void OnPingresp(const Frame& frame);
  void OnDisconnect(codec::Bytes body);
  void OnAuth(codec::Bytes body);
  [[nodiscard]] bool IsExpectedNow(PacketType type) const;
  [[nodiscard]] bool wants_session() const;

  const Options& options_;
  AckSink& acks_;
  RecordKeeper records_;
  PacketIds ids_;
  Sender sender_;
  Receiver receiver_;
  Subscriber subscriber_;
  Requester requester_;

  State state_ = State::kDown;
  bool stopped_ = false;
  std::optional<Wire> wire_;
  std::optional<codec::OutboundAliases> outbound_aliases_;
  codec::PublicationScratch scratch_;
  ExpandedTopics topics_;
  std::optional<Error> failure_;  // Of this connection; the first one.
  std::string client_id_;         // As given, or as assigned.
  std::string reason_string_;     // With DISCONNECT or a refusing CONNACK.
  std::string server_reference_;
  AnswerProperties user_properties_;
  bool session_present_ = false;  // Of the present connection.
  bool restored_any_ = false;
  bool reauthenticating_ = false;
  uint64_t connects_ = 0;
  uint64_t messages_received_ = 0;

  size_t packet_size_bytes_max_ = 0;  // Of the present server; zero before its CONNACK.

  // Keep alive. Max: off.
  Duration keep_alive_{};
  uint64_t last_appended_ = 0;
  Instant last_sent_{};
  Instant ping_sent_ = Instant::Max();  // Max: no PINGRESP is due.

  std::optional<DisconnectCall> leaving_;
  std::vector<Event> events_;
  std::vector<Delivered> delivered_;  // Of this batch, with a ticket.
  std::vector<PacketSent> sent_packets_;
};

}  // namespace ringmq::client
