// One step between a socket and MQTT: bytes in, bytes out.
//
//   socket --down--> [Layer] --up--> MQTT
//   socket <--down-- [Layer] <------ MQTT
//
// A layer does no I/O: TLS, WebSocket and the PROXY header look the same to broker, client and load
// tool, and to the tests, which put two of them back to back in memory.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transport/peer_facts.h"

namespace ringmq::transport {

// Where bytes are put.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // Contiguous room for `size_bytes`, counted as written; the caller fills it at once.
  // Valid until the next call to the sink.
  [[nodiscard]] virtual uint8_t* Append(size_t size_bytes) = 0;

  void Append(std::span<const uint8_t> bytes);
  void Append(std::string_view text);
};

enum class LayerState : uint8_t {
  kOpening,  // A handshake or a header is under way: nothing may be sent yet.
  kOpen,
  kEnded,   // The peer said goodbye in good order; what it sent before is in `up`.
  kFailed,  // error() says why. The last bytes for the peer (an alert, a status line) are in
            // `down`.
};

// Whether the kernel does a layer's work on its socket.
enum class KernelMove : uint8_t {
  kNever,   // It cannot, or is not to.
  kNotYet,  // Not at this point of the stream: receive on, and ask again.
  kDone,    // The layer is transparent.
  kBroken,  // It sends but cannot receive: close the socket, say nothing.
};

// Why we say goodbye, for a layer that can tell its peer.
enum class CloseCause : uint8_t {
  kNormal,
  kGoingAway,      // We stop.
  kProtocolError,  // The peer's bytes are not what they should be.
  kPolicy,         // They are, and it may not, or not so much.
};

class Layer {
 public:
  virtual ~Layer() = default;

  // Begins, once, before anything else: what a client has to say first goes to `down`.
  virtual void Start(ByteSink& down) = 0;

  // Bytes from the peer, split anywhere. What they hold for MQTT is appended to `up`; what has to
  // be answered because of them, to `down`. Takes all of `input`, and ignores it once the layer has
  // ended or failed. Both grow at most in proportion to the input.
  virtual void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) = 0;

  // Wraps what MQTT has to say; nothing for nothing. Requires: state() is kOpen.
  virtual void Send(std::span<const uint8_t> bytes, ByteSink& down) = 0;

  // Says goodbye: a close_notify, a Close frame. Once; in kOpening and after an error it adds
  // nothing. The owner looks at nothing that is received afterwards.
  virtual void Close(ByteSink& down) = 0;
  // Comes before Close(), if at all.
  virtual void SetCloseCause(CloseCause cause) { (void)cause; }

  [[nodiscard]] virtual LayerState state() const = 0;

  // Has done its work and changes nothing from here on, in either direction: it can be removed.
  [[nodiscard]] virtual bool is_transparent() const { return false; }

  // Lets the kernel do its work on `fd` from here on, where there is such a thing: the one call of
  // a layer that touches a socket. Requires: this is the lowest layer, state() is kOpen, all that
  // it put into `down` was taken by the socket, and no receive is armed on it.
  virtual KernelMove MoveIntoKernel(int fd) {
    (void)fd;
    return KernelMove::kNever;
  }

  // Why it failed, for a log line: one sentence, no control characters, at most 200 bytes.
  [[nodiscard]] virtual std::string_view error() const = 0;

  // Adds what it knows of the peer. Complete once state() is kOpen.
  virtual void Describe(PeerFacts& facts) const = 0;
};

}  // namespace ringmq::transport
