// SPDX-License-Identifier: Apache-2.0
#include "broker/wire.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "broker/timers.h"

namespace ringmq::broker {
namespace {

using base::Handle;

// Tokens carry what they are and whom they are for, never a pointer: kind, slot, generation.
enum class TokenKind : uint8_t {
  kAccept = 1,
  kReceive,
  kSend,
  kCancelReceive,
  kCancelSend,
  kClose,
  kCancelAccept,
  kCloseListener,
};

constexpr int kKindShift = 60;
constexpr int kIndexShift = 32;

uint64_t MakeToken(TokenKind kind, Handle<Connection> handle) {
  RMQ_CHECK(handle.index < (1u << (kKindShift - kIndexShift)));
  return uint64_t{static_cast<uint8_t>(kind)} << kKindShift |
         uint64_t{handle.index} << kIndexShift | handle.generation;
}

uint64_t MakeToken(TokenKind kind, size_t slot) {
  return uint64_t{static_cast<uint8_t>(kind)} << kKindShift | slot;
}

TokenKind KindOf(uint64_t token) { return static_cast<TokenKind>(token >> kKindShift); }

Handle<Connection> HandleOf(uint64_t token) {
  Handle<Connection> handle;
  handle.index = static_cast<uint32_t>(token >> kIndexShift & ((1u << 28) - 1));
  handle.generation = static_cast<uint32_t>(token);
  return handle;
}

// How long a closing connection may take to accept its last bytes.
constexpr Duration kLingerMax = 2 * kSecond;
// Buffers for frames that straddle reads go round: an idle connection owns none, and a busy shard
// allocates none.
constexpr size_t kSparePartialBytesMax = 128 << 10;
constexpr size_t kSparePartialsMax = 64;
// Connections that one turn writes to, for which there is room from the beginning. More make room
// once, in the turn that first has so many.
constexpr size_t kDirtyAtOnce = 256;
// Accepting again after descriptors ran out: soon enough for users, late enough not to spin.
constexpr Duration kAcceptRetry = 100 * kMillisecond;

}  // namespace

Wire::Wire(Core& core, WireEvents& events)
    : core_(core), events_(events), port_(core.ring), admission_(core) {
  dirty_.reserve(kDirtyAtOnce);
  flushing_.reserve(kDirtyAtOnce);
}

uint8_t* Connection::Append(size_t size_bytes) {
  wire_.MarkDirty(*this);
  return output.Append(wire_.chunks(), size_bytes);
}

void Connection::AppendPayload(const codec::MessageRef& message) {
  const codec::Bytes payload = message.payload();
  if (payload.empty()) return;
  wire_.MarkDirty(*this);
  output.AppendReference(wire_.chunks(), payload,
                         {codec::MessageRef(message).Detach(),
                          [](void* owner) { (void)codec::MessageRef::Attach(owner); }});
}

ConnectionExtras& Connection::Extras() {
  if (extras == nullptr) extras = std::make_unique<ConnectionExtras>();
  return *extras;
}

void Wire::Listen(int fd, uint32_t listener) {
  listeners_.push_back({.fd = fd, .index = listener});
  ++listeners_open_;
  ArmAccept(listeners_.back(), listeners_.size() - 1);
}

void Wire::ArmAccept(Listener& listener, size_t slot) {
  listener.armed = true;
  core_.ops.push_back({.code = reactor::OpCode::kAccept,
                       .fd = listener.fd,
                       .token = MakeToken(TokenKind::kAccept, slot)});
}

void Wire::StopListening() {
  for (size_t slot = 0; slot < listeners_.size(); ++slot) {
    Listener& listener = listeners_[slot];
    if (listener.closing) continue;
    listener.closing = true;
    if (listener.armed) {
      core_.ops.push_back({.code = reactor::OpCode::kCancel,
                           .token = MakeToken(TokenKind::kCancelAccept, slot),
                           .target = MakeToken(TokenKind::kAccept, slot)});
    } else {
      CloseListener(listener, slot);
    }
  }
}

void Wire::CloseListener(Listener& listener, size_t slot) {
  RMQ_CHECK(!listener.closing_fd);
  listener.closing_fd = true;
  core_.ops.push_back({.code = reactor::OpCode::kClose,
                       .fd = listener.fd,
                       .token = MakeToken(TokenKind::kCloseListener, slot)});
}

void Wire::OnAccept(size_t slot, const reactor::Completion& completion) {
  RMQ_CHECK(slot < listeners_.size());
  Listener& listener = listeners_[slot];
  if (!completion.more) listener.armed = false;
  if (completion.result >= 0) {
    events_.OnAccepted(completion.result, listener.index);
  } else if (completion.result != -ECANCELED) {
    core_.refusals.Write(core_.now, LogLevel::kWarning, "accept failed: errno {}",
                         -completion.result);
    if (completion.result == -EMFILE || completion.result == -ENFILE ||
        completion.result == -ENOBUFS || completion.result == -ENOMEM) {
      listener.retry = core_.now + kAcceptRetry;
    }
  }
  if (listener.armed) return;
  if (listener.closing) {
    CloseListener(listener, slot);
  } else if (listener.retry <= core_.now) {
    ArmAccept(listener, slot);
  }
}

Connection& Wire::Adopt(int fd, uint32_t listener, std::unique_ptr<Tunnel> tunnel) {
  const Handle<Connection> handle = core_.connections.Emplace(*this, fd);
  Connection& connection = core_.connections.Get(handle);
  connection.self = handle;
  connection.listener = listener;
  connection.packet_size_bytes_max = core_.config.limits.packet_size_bytes_max_before_connect;
  connection.tunnel = std::move(tunnel);
  if (connection.tunnel != nullptr && core_.kernel_tls.read_control) {
    connection.kernel_tries = kKernelTriesMax;
  }
  connection.link.sink = &connection;
  connection.link.scratch = &core_.scratch;
  connection.timer.cookie = MakeCookie(TimerKind::kConnection, handle);
  ++open_count_;
  connection.last_packet = core_.now;
  return connection;
}

void Wire::StartReceiving(Connection& connection) {
  if (connection.receive != ReceiveState::kIdle || !wants_bytes(connection)) return;
  if (connection.pipe != nullptr) {
    pipes_due_.push_back(connection.self);
    return;
  }
  // One cancel at a time, or two in flight would carry the same token.
  if (connection.cancel_open) return;
  if (connection.kernel_tries > 0 && connection.open()) {
    if (connection.tunnel == nullptr) connection.kernel_tries = 0;  // Plain, as its bytes told.
    if (connection.kernel_tries > 0 && WaitsForKernel(connection)) return;
  }
  const bool multishot = connection.open() && connection.kernel_tries == 0;
  connection.receive = multishot ? ReceiveState::kMultishot : ReceiveState::kOnce;
  ++connection.operations;
  core_.ops.push_back({.code = multishot ? reactor::OpCode::kRecvMultishot : reactor::OpCode::kRecv,
                       .fd = connection.fd,
                       .token = MakeToken(TokenKind::kReceive, connection.self)});
}

bool Wire::wants_bytes(const Connection& connection) const {
  return !connection.paused && !connection.in_line && !connection.end_of_stream &&
         !connection.handing_over && connection.state != ConnectionState::kClosing &&
         connection.state != ConnectionState::kAuthenticating;
}

void Wire::OnReceive(Connection& connection, const reactor::Completion& completion) {
  if (!completion.more) {
    RMQ_CHECK(connection.operations > 0);
    --connection.operations;
    connection.receive = ReceiveState::kIdle;
  }
  if (completion.result > 0) {
    const auto size_bytes = static_cast<size_t>(completion.result);
    core_.statistics.bytes_received += size_bytes;
    ++core_.statistics.receives;
    if (connection.state != ConnectionState::kClosing) {
      const auto bytes = core_.ring.Buffer(completion.buffer_id).first(size_bytes);
      if (connection.tunnel == nullptr) {
        HandleBytes(connection, bytes);
      } else {
        Unwrap(connection, bytes);
      }
    }
    core_.ring.ReleaseBuffer(completion.buffer_id);
  } else if (completion.result == 0) {
    connection.end_of_stream = true;
    // What waits was sent before the end: it is still handled, then the connection is lost.
    if (!connection.paused && connection.state != ConnectionState::kAuthenticating) {
      LosePeer(connection);
    }
  } else if (connection.kernel_tls &&
             (completion.result == -EIO || completion.result == -EBADMSG)) {
    OnControlRecord(connection);
  } else if (completion.result != -ENOBUFS && completion.result != -ECANCELED &&
             completion.result != -EINTR && completion.result != -EAGAIN) {
    LosePeer(connection);
  }
  GoOnReceiving(connection);
}

// What comes next, after something has come.
void Wire::GoOnReceiving(Connection& connection) {
  if (connection.state == ConnectionState::kClosing) {
    ContinueClosing(connection);
  } else if (!connection.handing_over) {
    StartReceiving(connection);
  } else if (connection.operations == 0 && Outgoing(connection).empty()) {
    // Otherwise a handshake's last bytes are still being sent.
    events_.OnHandOver(connection);
  }
}

void Wire::Feed(Connection& connection, std::span<const uint8_t> bytes) {
  HandleBytes(connection, bytes);
  const bool has_ended = connection.tunnel != nullptr &&
                         connection.tunnel->layers.state() == transport::LayerState::kEnded;
  if (has_ended && connection.state != ConnectionState::kClosing) OnGoodbye(connection);
  StartReceiving(connection);
}

void Wire::HandleBytes(Connection& connection, std::span<const uint8_t> bytes) {
  if (!connection.partial.empty()) TopUp(connection, bytes);
  while (!bytes.empty() && connection.partial.empty() && wants_bytes(connection)) {
    const size_t handled = events_.OnBytes(connection, bytes);
    RMQ_CHECK(handled <= bytes.size());
    bytes = bytes.subspan(handled);
    if (handled == 0) break;
  }
  if (bytes.empty() || connection.state == ConnectionState::kClosing) return;
  AppendPartial(connection, bytes);
}

// A frame straddles two reads: copies just what completes it, handles it, and leaves the rest of
// `bytes` to be handled in place.
void Wire::TopUp(Connection& connection, std::span<const uint8_t>& bytes) {
  while (!bytes.empty() && !connection.partial.empty() && wants_bytes(connection)) {
    const size_t needed = events_.BytesNeeded(connection, connection.partial);
    const size_t held = connection.partial.size();
    RMQ_CHECK(needed > 0);
    if (held < needed) {
      const size_t step = std::min(needed - held, bytes.size());
      AppendPartial(connection, bytes.first(step));
      bytes = bytes.subspan(step);
      if (held + step < needed) return;
    }
    DrainPartial(connection);
  }
}

void Wire::AppendPartial(Connection& connection, std::span<const uint8_t> bytes) {
  std::vector<uint8_t>& partial = connection.partial;
  if (partial.capacity() == 0 && !spare_partials_.empty()) {
    partial = std::move(spare_partials_.back());
    spare_partials_.pop_back();
  }
  partial.insert(partial.end(), bytes.begin(), bytes.end());
}

void Wire::DrainPartial(Connection& connection) {
  // Taken out, so that handlers may pause or close the connection while they read it.
  std::vector<uint8_t> bytes = std::exchange(connection.partial, {});
  size_t done = 0;
  while (done < bytes.size() && wants_bytes(connection)) {
    const size_t handled = events_.OnBytes(connection, std::span(bytes).subspan(done));
    done += handled;
    if (handled == 0) break;
  }
  RMQ_CHECK(connection.partial.empty());
  if (done < bytes.size() && connection.state != ConnectionState::kClosing) {
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(done));
    connection.partial = std::move(bytes);
  } else if (bytes.capacity() <= kSparePartialBytesMax &&
             spare_partials_.size() < kSparePartialsMax) {
    bytes.clear();
    spare_partials_.push_back(std::move(bytes));
  }
}

void Wire::Pause(Connection& connection) {
  if (connection.paused || connection.state == ConnectionState::kClosing) return;
  connection.paused = true;
  CancelReceive(connection);
}

void Wire::CancelReceive(Connection& connection) {
  if (connection.receive != ReceiveState::kOnce && connection.receive != ReceiveState::kMultishot) {
    return;
  }
  connection.receive = ReceiveState::kCancelling;
  connection.cancel_open = true;
  ++connection.operations;
  core_.ops.push_back({.code = reactor::OpCode::kCancel,
                       .token = MakeToken(TokenKind::kCancelReceive, connection.self),
                       .target = MakeToken(TokenKind::kReceive, connection.self)});
}

void Wire::Resume(Connection& connection) {
  connection.paused = false;
  if (!wants_bytes(connection) && !connection.end_of_stream) return;
  if (connection.state == ConnectionState::kClosing) return;
  const bool ended = connection.end_of_stream;
  connection.end_of_stream = false;
  if (!connection.partial.empty()) DrainPartial(connection);
  connection.end_of_stream = ended;
  if (ended && !connection.paused && connection.state != ConnectionState::kAuthenticating &&
      connection.state != ConnectionState::kClosing) {
    Close(connection, MayDrain(connection) ? CloseMode::kAbort : CloseMode::kFlush);
    return;
  }
  StartReceiving(connection);
}

void Wire::LosePeer(Connection& connection) { Close(connection, CloseMode::kAbort); }

void Wire::Close(Connection& connection, CloseMode mode) {
  if (mode == CloseMode::kAbort) connection.abort = true;
  if (connection.state != ConnectionState::kClosing) {
    connection.state = ConnectionState::kClosing;
    connection.partial = {};
    --open_count_;
    events_.OnGone(connection);
    core_.wheel.Arm(connection.timer, core_.now + kLingerMax);
  }
  MarkDirty(connection);  // FlushDirty() goes on with it, outside of the caller's business.
}

void Wire::OnLingerTimeout(Connection& connection) {
  RMQ_CHECK(connection.state == ConnectionState::kClosing);
  connection.abort = true;
  ContinueClosing(connection);
}

void Wire::ContinueClosing(Connection& connection) {
  RMQ_CHECK(connection.state == ConnectionState::kClosing);
  if (connection.pipe != nullptr) {
    ContinueClosingPipe(connection);
    return;
  }
  if (connection.closing_fd) return;
  transport::OutputQueue& outgoing = Outgoing(connection);
  if (connection.abort) {
    if (!connection.output.sending()) connection.output.Reset(core_.chunks);
    if (!outgoing.sending()) outgoing.Reset(core_.chunks);
  } else if (connection.tunnel != nullptr) {
    WrapFarewell(connection);
  }
  if (connection.abort && outgoing.sending() && !connection.send_cancelled) {
    connection.send_cancelled = true;
    ++connection.operations;
    core_.ops.push_back({.code = reactor::OpCode::kCancel,
                         .token = MakeToken(TokenKind::kCancelSend, connection.self),
                         .target = MakeToken(TokenKind::kSend, connection.self)});
  }
  if (!outgoing.empty()) {
    StartSend(connection);
    return;
  }
  SayGoodbyeInKernel(connection);
  CancelReceive(connection);
  if (connection.operations > 0) return;
  core_.wheel.Disarm(connection.timer);
  connection.closing_fd = true;
  ++connection.operations;
  core_.ops.push_back({.code = reactor::OpCode::kClose,
                       .fd = connection.fd,
                       .token = MakeToken(TokenKind::kClose, connection.self)});
}

Wire::Released Wire::Release(Connection& connection) {
  RMQ_CHECK(connection.operations == 0);
  RMQ_CHECK(!connection.kernel_tls);
  RMQ_CHECK(connection.output.empty() && Outgoing(connection).empty());
  Outgoing(connection).Reset(core_.chunks);  // Its memory is this core's.
  Released released{.fd = connection.fd,
                    .tunnel = std::move(connection.tunnel),
                    .facts = std::move(connection.facts)};
  --open_count_;
  core_.wheel.Disarm(connection.timer);
  core_.connections.Erase(connection.self);
  return released;
}

void Wire::OnCloseDone(Connection& connection) {
  RMQ_CHECK(connection.operations == 1);
  core_.connections.Erase(connection.self);
}

std::vector<int> Wire::Descriptors() const {
  std::vector<int> descriptors;
  for (const Listener& listener : listeners_) {
    if (!listener.closing_fd) descriptors.push_back(listener.fd);
  }
  core_.connections.ForEach([&](Handle<Connection>, const Connection& connection) {
    if (connection.fd >= 0 && !connection.closing_fd) descriptors.push_back(connection.fd);
  });
  return descriptors;
}

void Wire::Abandon() {
  core_.connections.ForEach([this](base::Handle<Connection> handle, Connection& connection) {
    core_.wheel.Disarm(connection.timer);
    for (transport::OutputQueue* queue : {&connection.output, &Outgoing(connection)}) {
      if (queue->sending()) queue->EndSend(core_.chunks, 0);
      queue->Reset(core_.chunks);
    }
    core_.connections.Erase(handle);
  });
}

void Wire::MarkDirty(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(connection.self);
}

void Wire::FlushDirty() {
  // Handling may mark connections again: those come with the next turn.
  std::swap(dirty_, flushing_);
  for (const Handle<Connection> handle : flushing_) {
    Connection* const connection = core_.connections.Find(handle);
    if (connection == nullptr) continue;
    connection->dirty = false;
    if (connection->state == ConnectionState::kClosing) {
      ContinueClosing(*connection);
    } else {
      StartSend(*connection);
    }
  }
  flushing_.clear();
  for (size_t slot = 0; slot < listeners_.size(); ++slot) {
    Listener& listener = listeners_[slot];
    if (!listener.armed && !listener.closing && listener.retry <= core_.now) {
      ArmAccept(listener, slot);
    }
  }
}

void Wire::StartSend(Connection& connection) {
  transport::OutputQueue& outgoing = Outgoing(connection);
  if (outgoing.sending()) return;
  if (connection.tunnel != nullptr) {
    Wrap(connection);
    const bool has_failed = connection.tunnel->layers.state() == transport::LayerState::kFailed;
    if (has_failed && connection.state != ConnectionState::kClosing) {
      FailTunnel(connection, connection.tunnel->layers.error());
      return;  // What it has to say about it goes with the close.
    }
  }
  if (outgoing.empty()) return;
  if (connection.pipe != nullptr) {
    FlushPipe(connection, Pipe::Bound::kKeep);
    return;
  }
  ++connection.operations;
  core_.ops.push_back({.code = reactor::OpCode::kSend,
                       .fd = connection.fd,
                       .token = MakeToken(TokenKind::kSend, connection.self),
                       .slices = outgoing.BeginSend(core_.chunks)});
}

void Wire::OnSend(Connection& connection, const reactor::Completion& completion) {
  RMQ_CHECK(connection.operations > 0);
  --connection.operations;
  const size_t sent = completion.result > 0 ? static_cast<size_t>(completion.result) : 0;
  Outgoing(connection).EndSend(core_.chunks, sent);
  if (connection.tunnel != nullptr) DropTunnel(connection);
  connection.send_cancelled = false;
  core_.statistics.bytes_sent += sent;
  ++core_.statistics.sends;
  const bool failed = completion.result < 0 && completion.result != -EAGAIN &&
                      completion.result != -EINTR && completion.result != -ECANCELED;
  if (failed) LosePeer(connection);
  if (connection.kernel_tls) CountSealed(connection, sent);
  if (connection.state == ConnectionState::kClosing) {
    ContinueClosing(connection);
    return;
  }
  if (connection.starved && connection.output.pending_bytes() < connection.link.output_bytes_high) {
    events_.OnDrained(connection);
  }
  if (connection.awaits_send) StartReceiving(connection);
  if (!connection.output.empty() || !Outgoing(connection).empty()) {
    MarkDirty(connection);
  } else if (connection.handing_over) {
    GoOnReceiving(connection);
    return;
  }
  if (connection.throttled &&
      connection.output.pending_bytes() < connection.link.output_bytes_high) {
    connection.throttled = false;
    Resume(connection);
  }
}

void Wire::OnCompletion(const reactor::Completion& completion) {
  const TokenKind kind = KindOf(completion.token);
  if (kind == TokenKind::kAccept) {
    OnAccept(static_cast<size_t>(completion.token & 0xffffffff), completion);
    return;
  }
  if (kind == TokenKind::kCancelAccept) return;
  if (kind == TokenKind::kCloseListener) {
    RMQ_CHECK(listeners_open_ > 0);
    --listeners_open_;
    return;
  }
  // Every operation is counted, and a slot lives until its count is zero.
  Connection* const connection = core_.connections.Find(HandleOf(completion.token));
  RMQ_CHECK(connection != nullptr);
  switch (kind) {
    case TokenKind::kReceive:
      OnReceive(*connection, completion);
      return;
    case TokenKind::kSend:
      OnSend(*connection, completion);
      return;
    case TokenKind::kCancelReceive:
    case TokenKind::kCancelSend:
      RMQ_CHECK(connection->operations > 0);
      --connection->operations;
      if (kind == TokenKind::kCancelReceive) connection->cancel_open = false;
      GoOnReceiving(*connection);
      return;
    case TokenKind::kClose:
      OnCloseDone(*connection);
      return;
    case TokenKind::kAccept:
    case TokenKind::kCancelAccept:
    case TokenKind::kCloseListener:
      break;
  }
  RMQ_CHECK(false);  // Dealt with above.
}

}  // namespace ringmq::broker
