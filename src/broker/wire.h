// The broker's side of sockets: receiving into lent buffers, sending what connections wrote, and
// closing in the right order.
//
// What always holds:
//   - At most one receive and one send per connection are in the ring.
//   - Everything a connection says in one turn leaves in one send: connections that wrote
//     something are in `dirty_`, FlushDirty() starts their sends at the end of the turn.
//   - A descriptor closes after the last completion of every other operation on it.
//   - Bytes that cannot be handled now (paused, or half a frame) wait in Connection::partial.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/slab.h"
#include "broker/admission.h"
#include "broker/connection.h"
#include "broker/core.h"
#include "broker/pipe.h"
#include "reactor/ring.h"
#include "transport/byte_vector.h"

namespace ringmq::broker {

// What the layers above hear. Called from within a turn, never from within a call to Wire, but
// for OnGone().
class WireEvents {
 public:
  virtual ~WireEvents() = default;
  virtual void OnAccepted(int fd, uint32_t listener) = 0;
  // Handles as many whole packets at the front of `input` as it likes now; returns the bytes
  // handled. The rest comes again, with what arrives behind it, or after Wire::Resume().
  virtual size_t OnBytes(Connection& connection, std::span<const uint8_t> input) = 0;
  // How many bytes OnBytes() needs to handle the packet that `input` starts with.
  virtual size_t BytesNeeded(const Connection& connection, std::span<const uint8_t> input) = 0;
  // The peer is gone or the close is complete as far as the layers above are concerned: forget
  // it. Called exactly once for each connection, as soon as its fate is known.
  virtual void OnGone(Connection& connection) = 0;
  // Its CONNECT belongs to another core (Connection::handing_over); nothing is in flight. All that
  // was read is in Connection::partial.
  virtual void OnHandOver(Connection& connection) = 0;
  // Output drained below the mark where a starved session may go on.
  virtual void OnDrained(Connection& connection) = 0;
};

enum class CloseMode : uint8_t {
  kFlush,  // Send what is written first, for a bounded time.
  kAbort,
};

class Wire {
 public:
  Wire(Core& core, WireEvents& events);

  void Listen(int fd, uint32_t listener);
  void StopListening();
  [[nodiscard]] bool listening() const { return listeners_open_ > 0; }

  // Takes over a descriptor. Nothing is received until StartReceiving().
  Connection& Adopt(int fd, uint32_t listener, std::unique_ptr<Tunnel> tunnel = nullptr);
  // Lets the layers of one that was just accepted begin; one that was handed over has them begun.
  void StartLayers(Connection& connection);
  // As Adopt() for a pipe, which begins with the next ServePipes().
  Connection& AdoptPipe(Pipe::ShardEnd pipe);
  // Handles what pipes brought, and goes on where they had no room. Once a turn.
  void ServePipes();
  // The shard is about to end: tells those at the other ends. No pipe may be served afterwards.
  void ClosePipes();

  // One receive at a time until CONNECT has been answered (so that a hand-over finds nothing in
  // flight), multishot afterwards.
  void StartReceiving(Connection& connection);
  // The same for one that was just accepted, as soon as its listener's rate limits let it in.
  void AdmitThenReceive(Connection& connection);
  // Goes on with those whose turn has come. Once a turn; NextAdmission() says when at the latest.
  void ServeAdmission();
  [[nodiscard]] Instant NextAdmission() const { return admission_.NextDue(); }
  // Handles bytes as if they had just been received, then receives.
  void Feed(Connection& connection, std::span<const uint8_t> bytes);

  // Stops handling bytes until Resume(); the peer feels it through TCP.
  void Pause(Connection& connection);
  // Whether what is written to it may still reach the peer: layers that have heard its goodbye pass
  // nothing on, whereas a plain connection may be closed in one direction alone.
  [[nodiscard]] static bool MayDrain(const Connection& connection);
  // Handles what waited and receives again. Safe to call on a connection that is not paused.
  void Resume(Connection& connection);

  void Close(Connection& connection, CloseMode mode);
  // Forgets the connection but not its descriptor and layers, which another core takes over.
  // Requires: nothing in flight.
  struct Released {
    int fd = -1;
    std::unique_ptr<Tunnel> tunnel;
    std::unique_ptr<transport::PeerFacts> facts;
  };
  [[nodiscard]] Released Release(Connection& connection);

  // What its layers know of the peer, those that are gone too.
  [[nodiscard]] static transport::PeerFacts FactsOf(const Connection& connection);
  // Where it comes from, "192.0.2.7:5000", by the word of a trusted proxy if there is one; empty:
  // from this machine.
  [[nodiscard]] std::string PeerNameOf(const Connection& connection) const;

  // Makes the handshakes' next steps, as many as a turn may have. Once a turn.
  void ServeHandshakes();

  void MarkDirty(Connection& connection);
  void FlushDirty();
  // There is something to do with the next turn, whatever comes.
  [[nodiscard]] bool has_dirty() const {
    return !dirty_.empty() || !pipes_due_.empty() || !handshakes_due_.empty();
  }

  void OnCompletion(const reactor::Completion& completion);
  void OnLingerTimeout(Connection& connection);

  // Every descriptor that is not closed, nor about to be by an operation in the ring.
  [[nodiscard]] std::vector<int> Descriptors() const;
  // The ring is gone: forgets every connection without a word.
  void Abandon();
  // Connections that have not begun to close.
  [[nodiscard]] int64_t open_count() const { return open_count_; }

  transport::ChunkPool& chunks() { return core_.chunks; }

 private:
  struct Listener {
    int fd = -1;
    uint32_t index = 0;
    bool armed = false;
    bool closing = false;
    bool closing_fd = false;
    Instant retry = {};  // After descriptors ran out.
  };
  void ArmAccept(Listener& listener, size_t slot);
  void CloseListener(Listener& listener, size_t slot);
  void OnAccept(size_t slot, const reactor::Completion& completion);
  void OnReceive(Connection& connection, const reactor::Completion& completion);
  void OnSend(Connection& connection, const reactor::Completion& completion);
  void OnCloseDone(Connection& connection);
  void GoOnReceiving(Connection& connection);
  void HandleBytes(Connection& connection, std::span<const uint8_t> bytes);
  void Unwrap(Connection& connection, std::span<const uint8_t> bytes);
  void OnGoodbye(Connection& connection);
  void DropTunnel(Connection& connection);
  [[nodiscard]] bool MayShakeHands(Connection& connection, std::span<const uint8_t> bytes);
  void FailTunnel(Connection& connection, std::string_view error);
  [[nodiscard]] bool WaitsForKernel(Connection& connection);
  void OnControlRecord(Connection& connection);
  void SayGoodbyeInKernel(Connection& connection);
  void CountSealed(Connection& connection, size_t sent_bytes);
  void Wrap(Connection& connection);
  void WrapFarewell(Connection& connection);
  [[nodiscard]] static transport::OutputQueue& Outgoing(Connection& connection) {
    return connection.tunnel == nullptr ? connection.output : connection.tunnel->output;
  }
  void TopUp(Connection& connection, std::span<const uint8_t>& bytes);
  void AppendPartial(Connection& connection, std::span<const uint8_t> bytes);
  void DrainPartial(Connection& connection);
  void CancelReceive(Connection& connection);
  void StartSend(Connection& connection);
  void ContinueClosing(Connection& connection);
  void LosePeer(Connection& connection);
  void ServePipe(Connection& connection);
  void FlushPipe(Connection& connection, Pipe::Bound bound);
  void ContinueClosingPipe(Connection& connection);
  [[nodiscard]] bool wants_bytes(const Connection& connection) const;

  // An RSA signature takes about half a millisecond, P-384 twice as long: so much may a turn be
  // delayed, and twice. (Slower keys and groups are the configuration's choice.)
  static constexpr int kHandshakeStepsMax = 2;
  // Enough for a client that says SUBSCRIBE and some publications right behind CONNECT.
  static constexpr uint8_t kKernelTriesMax = 16;

  Core& core_;
  WireEvents& events_;
  std::vector<Listener> listeners_;
  std::vector<base::Handle<Connection>> dirty_;
  std::vector<base::Handle<Connection>> flushing_;  // FlushDirty()'s own; kept for its memory.
  std::vector<std::vector<uint8_t>> spare_partials_;
  PipePort port_;
  std::vector<base::Handle<Connection>> pipes_due_;  // To be served though nobody rang.
  std::vector<uint64_t> rung_;                       // ServePipes()'s own; kept for its memory.
  std::vector<uint8_t> pipe_input_;                  // ServePipe()'s own; likewise.
  transport::ByteVector risen_;                      // Unwrap()'s own; likewise.
  Admission admission_;
  std::vector<base::Handle<Connection>> handshakes_due_;  // Wait for their slice of time.
  std::vector<base::Handle<Connection>> handshakes_;      // ServeHandshakes()'s own.
  int handshake_steps_left_ = kHandshakeStepsMax;
  int64_t open_count_ = 0;
  size_t listeners_open_ = 0;
};

}  // namespace ringmq::broker
