// An imitation of the kernel's sockets: listeners, streams with bounded buffers, and descriptors
// that are given out again as soon as they are closed.
//
// The broker's end of a stream is a descriptor, driven by a SimRing; any ring may drive any
// descriptor, as between threads of one process. The client's end is a StreamId, driven directly.
// Bytes arrive at once; it is the rings that delay.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/world.h"
#include "transport/layer_stack.h"

namespace ringmq::sim {

using StreamId = size_t;  // Never used again.

class SimNetwork {
 public:
  SimNetwork(World& world, size_t buffer_bytes) : world_(world), buffer_bytes_(buffer_bytes) {}

  // Clients that connect from here on speak through toy layers, one a letter, bottom first.
  void SetLayers(std::string keys) { layers_ = std::move(keys); }

  // --- The broker's side.
  // One more member of the group of listeners on the only port.
  [[nodiscard]] int OpenListener();
  [[nodiscard]] bool IsOpen(int fd) const {
    return listeners_.count(fd) + streams_by_fd_.count(fd) > 0;
  }
  [[nodiscard]] bool IsListener(int fd) const { return listeners_.count(fd) > 0; }
  void Close(int fd);
  [[nodiscard]] bool CanAccept(int fd) const;
  // Gives the next connection in the queue a descriptor. Requires: CanAccept().
  [[nodiscard]] int Accept(int fd);
  // The connection was aborted before it was accepted.
  void AbortPending(int fd);

  [[nodiscard]] bool Readable(int fd) const;
  // Bytes, 0 at the end of the stream, or -errno. Requires: Readable().
  [[nodiscard]] int Read(int fd, std::span<uint8_t> out);
  [[nodiscard]] bool Writable(int fd) const;
  // Bytes taken or -errno. Requires: Writable().
  [[nodiscard]] int Write(int fd, std::span<const uint8_t> bytes);
  // What a broken network does to a stream.
  void ResetByNetwork(int fd);
  [[nodiscard]] size_t open_streams() const { return streams_by_fd_.size(); }

  // --- The clients' side.
  // No value: nobody listens. The kernel chooses a member of the group.
  [[nodiscard]] std::optional<StreamId> Connect();
  // A test chooses: the n-th listener that was opened and is not closed.
  [[nodiscard]] StreamId ConnectTo(size_t listener);
  // Returns the bytes taken: fewer than offered when the buffer is full, none when broken.
  size_t Send(StreamId id, std::span<const uint8_t> bytes);
  [[nodiscard]] std::vector<uint8_t> Receive(StreamId id, size_t max_bytes);
  [[nodiscard]] bool CanReceive(StreamId id) const {
    return !Of(id).to_client.empty() || !Of(id).plain_in.empty();
  }
  // The broker has closed its end and everything was read, or the stream is broken.
  [[nodiscard]] bool Ended(StreamId id) const;
  [[nodiscard]] bool WasReset(StreamId id) const { return Of(id).reset; }
  void CloseClient(StreamId id);  // End of stream behind what was sent.
  void ResetClient(StreamId id);  // What is on its way is lost.

 private:
  struct Stream {
    std::deque<uint8_t> to_broker;
    std::deque<uint8_t> to_client;
    // The client's end of the layers; none: bytes travel as they are.
    std::unique_ptr<transport::LayerStack> layers;
    std::deque<uint8_t> plain_out;    // Waits to be wrapped,
    std::deque<uint8_t> wrapped_out;  // and for room on the way.
    std::deque<uint8_t> plain_in;     // Unwrapped; the client has not taken it.
    bool client_closed = false;
    bool broker_closed = false;
    bool reset = false;
    int fd = -1;
  };
  struct Listener {
    std::deque<StreamId> pending;
  };

  void Pump(Stream& stream);
  void Unwrap(Stream& stream);
  int NewDescriptor() const;
  Stream& Of(StreamId id) { return streams_[id]; }
  [[nodiscard]] const Stream& Of(StreamId id) const { return streams_[id]; }
  [[nodiscard]] const Stream& OfFd(int fd) const { return streams_[streams_by_fd_.at(fd)]; }

  World& world_;
  const size_t buffer_bytes_;
  std::string layers_;
  std::deque<Stream> streams_;
  std::map<int, Listener> listeners_;
  std::map<int, StreamId> streams_by_fd_;
};

}  // namespace ringmq::sim
