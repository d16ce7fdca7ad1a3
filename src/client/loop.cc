// SPDX-License-Identifier: Apache-2.0
#include "client/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "client/check_options.h"
#include "client/text.h"
#include "reactor/clock.h"
#include "ringmq/connector.h"

namespace ringmq::client {

using transport::LayerState;

namespace {

constexpr uint64_t kConnectionTokens = 1;
constexpr uint64_t kDialerTokens = uint64_t{1} << 33;
constexpr size_t kCompletionsMax = 64;
// What a goodbye gets even if it is to be tried again sooner.
constexpr Duration kFarewellMin = 100 * kMillisecond;

Duration FromChrono(std::chrono::milliseconds time) {
  // Sums with the present stay far from overflow.
  constexpr int64_t kLongestMs = int64_t{1} << 40;
  return kMillisecond * std::clamp<int64_t>(time.count(), 0, kLongestMs);
}

uint16_t PortOf(const Endpoint& endpoint) {
  if (endpoint.port != 0) return endpoint.port;
  switch (endpoint.transport) {
    case Transport::kTcp:
      return 1883;
    case Transport::kTls:
      return 8883;
    case Transport::kWebSocket:
      return 80;
    case Transport::kWebSocketTls:
      return 443;
    case Transport::kUnix:
      return 0;
  }
  return 0;
}

}  // namespace

Loop::Loop(Options options, std::unique_ptr<reactor::Ring> ring, uint64_t seed,
           Duration wall_offset)
    : options_(std::move(options)),
      ring_(std::move(ring)),
      hub_(new Hub(options_, ring_.get())),
      random_(seed),
      core_(options_, hub_->attention(), *hub_, random_.Next(), wall_offset),
      layering_(options_, random_.Next()),
      connection_(*ring_, kConnectionTokens, core_.packet_bytes_max(), core_.version()),
      dialer_(kDialerTokens),
      resolver_(*ring_),
      retry_(options_.backoff),
      completions_(kCompletionsMax) {}

Loop::~Loop() {
  core_.BeginBatch();  // Acknowledgements of the last batch go nowhere, but the promises do.
  Finish(std::nullopt);
  resolver_.Forget();
  ring_.reset();
  Unref(hub_);
}

Expected<void> Loop::Prepare() {
  for (const Endpoint& endpoint : options_.servers) {
    Expected<void> prepared = layering_.Prepare(endpoint);
    if (!prepared.ok()) return prepared;
  }
  return {};
}

// --- Threads.

void Loop::RebindThread() noexcept {
  bound_ = false;
  hub_->attention().loop_thread.store({}, std::memory_order_relaxed);
}

void Loop::BindThread() {
  auto& owner = hub_->attention().loop_thread;
  if (!bound_) owner.store(std::this_thread::get_id(), std::memory_order_relaxed);
  bound_ = true;
  RMQ_CHECK(owner.load(std::memory_order_relaxed) == std::this_thread::get_id());
}

// --- The turn.

size_t Loop::batch_room() const {
  const size_t size = core_.event_count();
  return size < options_.batch_events_max ? options_.batch_events_max - size : 0;
}

Expected<EventBatch> Loop::Poll(std::chrono::milliseconds timeout) {
  if (end_.has_value()) return *end_;
  BindThread();
  hub_->set_is_listening(true);
  const Instant deadline = ring_->Now() + FromChrono(timeout);
  core_.BeginBatch();
  connection_.BeginBatch();
  const auto& told = hub_->attention().told;
  const uint64_t told_before = told.load(std::memory_order_relaxed);
  while (true) {
    Turn(deadline);
    if (!core_.events().empty() || end_.has_value() || ring_->Now() >= deadline) break;
    if (told.load(std::memory_order_relaxed) != told_before) break;
    // Nobody got a view, so a large message needs no more buffers than a small one.
    connection_.BeginBatch();
  }
  // What the packets just read have caused leaves before the owner thinks about them; and whoever
  // waits for the descriptor must find everything under way.
  if (has_foreign_owner_ || connection_.pending_bytes() > 0) Exchange({});
  hub_->set_is_listening(!has_foreign_owner_);
  return EventBatch(core_.events());
}

void Loop::Turn(Instant deadline) {
  Instant now = ring_->Now();
  TakeCommands();
  ReadPackets(now);
  Decide(now);
  Exchange(deadline);
  now = ring_->Now();
  ReadPackets(now);
  // After reading: an answer that waited in the socket while the owner was away is not late.
  CheckTimers(now);
  Decide(now);
  has_news_ = false;
  Report();
}

void Loop::Exchange(Instant deadline) {
  const Instant now = ring_->Now();
  ops_.clear();
  const bool had_connection = !connection_.is_none();
  connection_.Turn(now, ops_);
  dialer_.Turn(now, ops_);
  // News that Decide() must hear before anything is waited for.
  const bool closed = had_connection && connection_.is_none();
  const bool undialed = state_ == State::kDialing && dialer_.error().has_value();
  const bool at_once = closed || undialed || has_work();
  const Instant wait = at_once ? Instant{} : std::min(deadline, NextDeadline());
  has_news_ |= closed || undialed;
  for (const reactor::Completion& completion : ring_->Enter(ops_, wait, completions_)) {
    has_news_ = true;
    if (connection_.Owns(completion.token)) {
      connection_.OnCompletion(completion);
    } else {
      RMQ_CHECK(dialer_.Owns(completion.token));
      dialer_.OnCompletion(completion);
    }
  }
}

// Something that must not wait for the kernel.
bool Loop::has_work() const {
  return core_.has_events() || end_.has_value() || connection_.has_unread();
}

Instant Loop::NextDeadline() const {
  // What was taken from socket and ring already: no descriptor tells of it.
  // Nor of what was asked for on the loop's own thread, which nobody wakes.
  if (end_.has_value() || has_news_ || connection_.has_unread()) return {};
  if (hub_->has_commands()) return {};
  return std::min({core_.next_deadline(), connection_.next_deadline(), dialer_.next_deadline(),
                   attempt_deadline_, retry_at_});
}

void Loop::Report() {
  stats_.bytes_sent += connection_.sent_bytes() - counted_sent_bytes_;
  stats_.bytes_received += connection_.received_bytes() - counted_received_bytes_;
  counted_sent_bytes_ = connection_.sent_bytes();
  counted_received_bytes_ = connection_.received_bytes();
  stats_.messages_sent = core_.sender().sent_messages();
  stats_.messages_received = core_.messages_received();
  stats_.connects = core_.connects();
  stats_.in_flight = core_.sender().in_flight();
  const Sender& sender = core_.sender();
  if (hub_->SetHeld({.messages = sender.held_messages(),
                     .bytes = sender.held_bytes(),
                     .queued_qos0 = sender.queued_qos0(),
                     .queued_qos0_bytes = sender.queued_qos0_bytes()},
                    stats_)) {
    core_.events().emplace_back(Writable{});
  }
}

// --- Commands.

void Loop::TakeCommands() {
  if (end_.has_value()) return;
  commands_.clear();
  hub_->Take(commands_);
  for (Command& command : commands_) Apply(command);
  commands_.clear();
}

void Loop::Apply(Command& command) {
  if (auto* publish = std::get_if<PublishCommand>(&command)) {
    core_.Publish({std::move(publish->message), std::move(publish->promise)});
  } else if (auto* dropped = std::get_if<DroppedCommand>(&command)) {
    dropped->promise.Resolve({.outcome = Outcome::kOverflow});
  } else if (auto* subscribe = std::get_if<SubscribeCall>(&command)) {
    core_.Subscribe(std::move(*subscribe));
  } else if (auto* request = std::get_if<RequestCall>(&command)) {
    core_.Request(std::move(*request));
  } else if (const auto* ack = std::get_if<AckCommand>(&command)) {
    if (ack->abandon) {
      core_.Abandon(ack->ticket);
    } else {
      core_.Acknowledge(ack->ticket, ack->reason);
    }
  } else if (const auto* cancel = std::get_if<CancelCommand>(&command)) {
    core_.Cancel(cancel->handle.identity());
  } else if (auto* disconnect = std::get_if<DisconnectCall>(&command)) {
    core_.Disconnect(std::move(*disconnect));
  } else if (std::holds_alternative<ReconnectCommand>(command)) {
    reconnect_asked_ |= state_ == State::kConnected || state_ == State::kOpening;
    if (state_ == State::kWaiting) retry_at_ = ring_->Now();  // It need not wait any longer.
  } else {
    core_.Reauthenticate();
  }
}

// --- Reading.

void Loop::ReadPackets(Instant now) {
  if (state_ == State::kOpening) ReadLayers(now);
  if (state_ != State::kConnected || !connection_.is_open()) return;
  core_.OnWritten(connection_.written_bytes());
  Input& input = connection_.input();
  while (batch_room() > 0 && !core_.wants_close()) {
    const Input::Packet packet = input.Next();
    if (packet.status == Input::Status::kNeedMore) break;
    if (packet.status == Input::Status::kBad) {
      core_.OnBadFrame(packet.parse, now);
      break;
    }
    core_.OnFrame({.head = packet.parse.head, .body = packet.body, .block = packet.block}, now);
  }
}

void Loop::ReadLayers(Instant now) {
  if (connection_.is_open() && connection_.layers_state() == LayerState::kOpen) TransportUp(now);
}

// --- Decisions.

void Loop::CheckTimers(Instant now) {
  if (state_ == State::kEnded) return;
  if (core_.next_deadline() <= now) core_.OnTimer(now);
  if (now >= attempt_deadline_ && !core_.is_up()) {
    AttemptFailed(Error(Errc::kConnectTimedOut, endpoint_.host), now);
  }
}

void Loop::Decide(Instant now) {
  if (state_ == State::kEnded) return;
  if (state_ == State::kWaiting && now >= retry_at_) {
    state_ = State::kIdle;
    retry_at_ = Instant::Max();
  }
  if (state_ == State::kIdle && !core_.stopped() && connection_.is_none() && dialer_.idle()) {
    BeginAttempt(now);
  }
  if (state_ == State::kResolving) Resolved(now);
  if (state_ == State::kDialing && options_.connector != nullptr) {
    AskConnector(now);
  } else if (state_ == State::kDialing) {
    const int fd = dialer_.TakeConnected();
    if (fd >= 0) {
      Dialed(fd, now);
    } else if (dialer_.error().has_value()) {
      AttemptFailed(*dialer_.error(), now);
    }
  }
  if (state_ == State::kConnected || state_ == State::kOpening) CheckConnection(now);
  core_.Flush(now);
  if (state_ == State::kConnected) CheckConnection(now);
  if (core_.stopped() && connection_.is_none()) Finish(std::nullopt);
}

void Loop::BeginAttempt(Instant now) {
  if (core_.records().error().has_value()) {
    Finish(*core_.records().error());
    return;
  }
  endpoint_ = options_.servers[next_server_];
  next_server_ = (next_server_ + 1) % static_cast<uint32_t>(options_.servers.size());
  username_ = options_.username;
  password_ = options_.password;
  if (options_.on_attempt) {
    Attempt attempt{retry_.attempt(), endpoint_, username_, password_};
    options_.on_attempt(attempt);
  }
  core_.events().emplace_back(Connecting{endpoint_, retry_.attempt()});
  retry_.OnAttempt();
  retry_at_ = Instant::Max();
  attempt_deadline_ = now + FromChrono(options_.connect_timeout);
  state_ = State::kResolving;
  // The hook may have asked for what no server of ours is or needs.
  Expected<void> prepared = CheckEndpoint(endpoint_);
  if (prepared.ok()) prepared = layering_.Prepare(endpoint_);
  if (!prepared.ok()) {
    AttemptFailed(prepared.error(), now);
    return;
  }
  if (options_.connector != nullptr) {
    state_ = State::kDialing;
  } else if (endpoint_.transport == Transport::kUnix) {
    const std::optional<Address> address = UnixAddress(endpoint_.host);
    if (!address.has_value()) {
      AttemptFailed(Error(Errc::kInvalidArgument, "the socket's path is too long"), now);
      return;
    }
    Dial({*address}, now);
  } else if (layering_.HasProxy(endpoint_)) {
    resolver_.Start(options_.proxy.host, options_.proxy.port);
  } else {
    resolver_.Start(endpoint_.host, PortOf(endpoint_));
  }
}

void Loop::Resolved(Instant now) {
  auto answer = resolver_.Take();
  if (!answer.has_value()) return;
  if (!answer->ok()) {
    AttemptFailed(answer->error(), now);
    return;
  }
  Dial(std::move(**answer), now);
}

void Loop::Dial(std::vector<Address> addresses, Instant now) {
  state_ = State::kDialing;
  dialer_.Start(std::move(addresses), options_.socket, now);
}

void Loop::Dialed(int fd, Instant now) {
  connection_.Open(fd);
  counted_sent_bytes_ = counted_received_bytes_ = 0;
  TransportUp(now);
}

void Loop::AskConnector(Instant now) {
  Expected<int> fd = options_.connector->Connect(endpoint_);
  connector_waits_ = !fd.ok() && fd.error().code() == Errc::kWouldBlock;
  if (connector_waits_) return;
  if (!fd.ok()) {
    AttemptFailed(Error(fd.error()).WithPhase(Phase::kDial), now);
    return;
  }
  int type = 0;
  socklen_t size_bytes = sizeof(type);
  const bool is_socket = getsockopt(*fd, SOL_SOCKET, SO_TYPE, &type, &size_bytes) == 0;
  if (is_socket && type == SOCK_STREAM) {
    Dialed(*fd, now);
    return;
  }
  if (*fd >= 0) close(*fd);
  Error error(Errc::kInvalidArgument, "the connector's descriptor is no stream socket");
  AttemptFailed(error.WithPhase(Phase::kDial), now);
}

void Loop::AbandonConnector() {
  if (std::exchange(connector_waits_, false)) options_.connector->Abandon();
}

// The bytes of MQTT may flow, or those of what comes before it.
void Loop::TransportUp(Instant now) {
  if (state_ != State::kOpening && layering_.IsNeeded(endpoint_)) {
    OpenLayers(now);
    return;
  }
  state_ = State::kConnected;
  core_.OnTransportUp(connection_, username_, password_, now);
}

void Loop::OpenLayers(Instant now) {
  state_ = State::kOpening;
  connection_.StartLayers(transport::LayerStack(layering_.Make(endpoint_, PortOf(endpoint_))));
  ReadLayers(now);
}

// Requires: the layers have failed.
Error Loop::LayersError() const {
  Error error = layering_.ErrorOf(connection_.layers_error(), state_ == State::kOpening);
  error.WithPhase(phase());
  return error;
}

// What a loss without an answer may mean.
std::string_view Loop::LossText() const {
  const bool is_silent = connection_.received_bytes() == 0;
  if (phase() != Phase::kTls || !is_silent) return {};
  return "the server answered nothing to the TLS handshake; it may not speak TLS at this port";
}

Phase Loop::phase() const {
  if (state_ == State::kOpening) return layering_.phase();
  return core_.is_up() ? Phase::kEstablished : Phase::kHandshake;
}

void Loop::CheckConnection(Instant now) {
  if (core_.is_up()) {
    attempt_deadline_ = Instant::Max();
    retry_.OnUp(now);
    if (!std::exchange(told_of_connection_, true)) hub_->SetConnected(core_.connection());
  }
  if (state_ == State::kConnected && core_.wants_close()) {
    ConnectionEnded(Error(Errc::kConnectionLost), now);
  } else if (reconnect_asked_) {
    reconnect_asked_ = false;
    connection_.Close(Connection::End::kNow, now);
    ConnectionEnded(Error(Errc::kConnectionLost, "a reconnect was asked for"), now);
  } else if (!connection_.input().drained()) {
    return;  // What came before the end counts.
  } else if (connection_.is_open() && connection_.layers_state() == LayerState::kFailed) {
    ConnectionEnded(LayersError(), now);
  } else if (connection_.lost().has_value()) {
    Error error(Errc::kConnectionLost, std::string(LossText()));
    error.WithErrno(*connection_.lost()).WithPhase(phase());
    ConnectionEnded(std::move(error), now);
  }
}

void Loop::AttemptFailed(Error error, Instant now) {
  resolver_.Forget();
  dialer_.Stop();
  AbandonConnector();
  // Who never said anything will not say goodbye either.
  if (connection_.received_bytes() == 0) connection_.Close(Connection::End::kNow, now);
  ConnectionEnded(std::move(error), now);
}

// Closes in good order what can be: a DISCONNECT may wait in the output.
void Loop::ConnectionEnded(Error cause, Instant now) {
  core_.OnWritten(connection_.written_bytes());
  // And a handshake that fails may have something to say about it.
  const bool has_farewell = state_ == State::kConnected || state_ == State::kOpening;
  connection_.Close(has_farewell ? Connection::End::kFlush : Connection::End::kNow, now);
  layering_.Forget();
  attempt_deadline_ = Instant::Max();
  retry_.OnDown(now);
  if (std::exchange(told_of_connection_, false)) hub_->SetDisconnected();
  ++stats_.disconnects;
  PlanRetry(core_.OnTransportDown(std::move(cause)), now);
}

void Loop::PlanRetry(const Core::Ending& ending, Instant now) {
  state_ = State::kWaiting;
  retry_at_ = Instant::Max();
  if (core_.stopped()) return;
  Disconnected event{.cause = ending.cause,
                     .retry_in = std::nullopt,
                     .reason_string = ending.reason_string,
                     .server_reference = ending.server_reference,
                     .user_properties = ending.user_properties};
  event.retry_in = retry_.Next(ending.cause, random_);
  if (!event.retry_in.has_value()) {
    core_.events().emplace_back(std::move(event));
    Finish(ending.cause);
    return;
  }
  retry_at_ = now + FromChrono(*event.retry_in);
  // The next one begins when this one is gone, so it may not dawdle.
  connection_.LimitFarewell(std::max(retry_at_, now + kFarewellMin));
  core_.events().emplace_back(std::move(event));
}

// Nothing will happen any more: every handle resolves, and the owner gets the last event.
void Loop::Finish(std::optional<Error> cause) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  AbandonConnector();
  connection_.Close(Connection::End::kNow, {});
  core_.Shutdown();
  commands_.clear();
  hub_->Close(commands_);
  for (Command& command : commands_) {
    if (auto* publish = std::get_if<PublishCommand>(&command)) {
      publish->promise.Resolve({.outcome = Outcome::kShutdown});
    } else if (auto* dropped = std::get_if<DroppedCommand>(&command)) {
      dropped->promise.Resolve({.outcome = Outcome::kOverflow});
    } else if (auto* subscribe = std::get_if<SubscribeCall>(&command)) {
      subscribe->promise.Resolve({});
    } else if (auto* request = std::get_if<RequestCall>(&command)) {
      request->promise.Resolve({});
    } else if (auto* disconnect = std::get_if<DisconnectCall>(&command)) {
      disconnect->promise.Resolve({.outcome = Outcome::kShutdown});
    }
  }
  commands_.clear();
  core_.events().emplace_back(Stopped{cause});
  end_ = cause.has_value() ? std::move(*cause) : Error(Errc::kStopped);
}

}  // namespace ringmq::client
