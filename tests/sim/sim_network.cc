// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_network.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/check.h"
#include "support/toy_layer.h"
#include "transport/byte_vector.h"

namespace ringmq::sim {

int SimNetwork::NewDescriptor() const {
  int fd = 3;  // As the kernel: the lowest that is free.
  while (IsOpen(fd)) ++fd;
  return fd;
}

int SimNetwork::OpenListener() {
  const int fd = NewDescriptor();
  listeners_[fd];
  return fd;
}

void SimNetwork::Close(int fd) {
  RMQ_CHECK(IsOpen(fd));
  if (const auto it = listeners_.find(fd); it != listeners_.end()) {
    for (const StreamId id : it->second.pending) Of(id).reset = true;
    listeners_.erase(it);
    return;
  }
  Stream& stream = Of(streams_by_fd_.at(fd));
  stream.broker_closed = true;
  // Linux answers unread bytes with a reset.
  if (!stream.to_broker.empty() && !stream.client_closed) stream.reset = true;
  stream.to_broker.clear();
  stream.fd = -1;
  streams_by_fd_.erase(fd);
}

bool SimNetwork::CanAccept(int fd) const { return !listeners_.at(fd).pending.empty(); }

int SimNetwork::Accept(int fd) {
  Listener& listener = listeners_.at(fd);
  const StreamId id = listener.pending.front();
  listener.pending.pop_front();
  const int accepted = NewDescriptor();
  streams_by_fd_[accepted] = id;
  Of(id).fd = accepted;
  return accepted;
}

void SimNetwork::AbortPending(int fd) {
  Listener& listener = listeners_.at(fd);
  Of(listener.pending.front()).reset = true;
  listener.pending.pop_front();
}

bool SimNetwork::Readable(int fd) const {
  const Stream& stream = OfFd(fd);
  return stream.reset || stream.client_closed || !stream.to_broker.empty();
}

int SimNetwork::Read(int fd, std::span<uint8_t> out) {
  Stream& stream = Of(streams_by_fd_.at(fd));
  if (stream.reset) return -ECONNRESET;
  const size_t count = std::min(out.size(), stream.to_broker.size());
  std::copy_n(stream.to_broker.begin(), count, out.begin());
  stream.to_broker.erase(stream.to_broker.begin(),
                         stream.to_broker.begin() + static_cast<ptrdiff_t>(count));
  Pump(stream);
  return static_cast<int>(count);
}

bool SimNetwork::Writable(int fd) const {
  const Stream& stream = OfFd(fd);
  return stream.reset || stream.client_closed || stream.to_client.size() < buffer_bytes_;
}

int SimNetwork::Write(int fd, std::span<const uint8_t> bytes) {
  Stream& stream = Of(streams_by_fd_.at(fd));
  if (stream.reset) return world_.random.Chance(1, 2) ? -ECONNRESET : -EPIPE;
  if (stream.client_closed) {
    // The first write after the peer is gone still succeeds; its answer is a reset.
    stream.reset = world_.random.Chance(1, 2);
    return static_cast<int>(bytes.size());
  }
  const size_t count = std::min(bytes.size(), buffer_bytes_ - stream.to_client.size());
  stream.to_client.insert(stream.to_client.end(), bytes.begin(),
                          bytes.begin() + static_cast<ptrdiff_t>(count));
  return static_cast<int>(count);
}

void SimNetwork::ResetByNetwork(int fd) {
  Stream& stream = Of(streams_by_fd_.at(fd));
  stream.reset = true;
  stream.to_broker.clear();
  stream.to_client.clear();
}

std::optional<StreamId> SimNetwork::Connect() {
  if (listeners_.empty()) return std::nullopt;
  return ConnectTo(world_.random.Below(listeners_.size()));
}

StreamId SimNetwork::ConnectTo(size_t listener) {
  RMQ_CHECK(listener < listeners_.size());
  const auto chosen = std::next(listeners_.begin(), static_cast<ptrdiff_t>(listener));
  streams_.emplace_back();
  const StreamId id = streams_.size() - 1;
  if (!layers_.empty()) {
    Stream& stream = streams_.back();
    using ringmq::testing::ToyLayer;
    stream.layers = std::make_unique<transport::LayerStack>(
        ringmq::testing::MakeToyStack(ToyLayer::Side::kClient, layers_));
    transport::ByteVector said;
    stream.layers->Start(said);
    stream.wrapped_out.assign(said.bytes().begin(), said.bytes().end());
    Pump(stream);
  }
  chosen->second.pending.push_back(id);
  return id;
}

size_t SimNetwork::Send(StreamId id, std::span<const uint8_t> bytes) {
  Stream& stream = Of(id);
  if (stream.reset || stream.client_closed) return 0;
  if (stream.broker_closed) {
    stream.reset = true;
    return bytes.size();
  }
  if (stream.layers != nullptr) {
    const size_t room = buffer_bytes_ - std::min(buffer_bytes_, stream.plain_out.size());
    const size_t count = std::min(bytes.size(), room);
    stream.plain_out.insert(stream.plain_out.end(), bytes.begin(),
                            bytes.begin() + static_cast<ptrdiff_t>(count));
    Pump(stream);
    return count;
  }
  const size_t space = buffer_bytes_ - std::min(buffer_bytes_, stream.to_broker.size());
  const size_t count = std::min(bytes.size(), space);
  stream.to_broker.insert(stream.to_broker.end(), bytes.begin(),
                          bytes.begin() + static_cast<ptrdiff_t>(count));
  return count;
}

// Wraps what waits, as far as the handshake allows, and sends what there is room for.
void SimNetwork::Pump(Stream& stream) {
  if (stream.layers == nullptr) return;
  if (stream.wrapped_out.empty() && !stream.plain_out.empty() && stream.layers->open()) {
    transport::ByteVector wrapped;
    const std::vector<uint8_t> plain(stream.plain_out.begin(), stream.plain_out.end());
    stream.layers->Send(plain, wrapped);
    stream.plain_out.clear();
    stream.wrapped_out.assign(wrapped.bytes().begin(), wrapped.bytes().end());
  }
  while (!stream.wrapped_out.empty() && stream.to_broker.size() < buffer_bytes_) {
    stream.to_broker.push_back(stream.wrapped_out.front());
    stream.wrapped_out.pop_front();
  }
}

void SimNetwork::Unwrap(Stream& stream) {
  const std::vector<uint8_t> bytes(stream.to_client.begin(), stream.to_client.end());
  stream.to_client.clear();
  transport::ByteVector risen;
  transport::ByteVector said;
  stream.layers->Receive(bytes, risen, said);
  stream.plain_in.insert(stream.plain_in.end(), risen.bytes().begin(), risen.bytes().end());
  stream.wrapped_out.insert(stream.wrapped_out.end(), said.bytes().begin(), said.bytes().end());
  Pump(stream);
}

std::vector<uint8_t> SimNetwork::Receive(StreamId id, size_t max_bytes) {
  Stream& stream = Of(id);
  if (stream.layers != nullptr) Unwrap(stream);
  std::deque<uint8_t>& source = stream.layers == nullptr ? stream.to_client : stream.plain_in;
  const size_t count = std::min(max_bytes, source.size());
  const auto end = source.begin() + static_cast<ptrdiff_t>(count);
  std::vector<uint8_t> bytes(source.begin(), end);
  source.erase(source.begin(), end);
  return bytes;
}

bool SimNetwork::Ended(StreamId id) const {
  const Stream& stream = Of(id);
  return stream.reset ||
         (stream.broker_closed && stream.to_client.empty() && stream.plain_in.empty());
}

void SimNetwork::CloseClient(StreamId id) {
  Stream& closed = Of(id);
  // What was sent arrives, if the handshake was over.
  while (!closed.wrapped_out.empty() || (!closed.plain_out.empty() && closed.layers->open())) {
    closed.to_broker.insert(closed.to_broker.end(), closed.wrapped_out.begin(),
                            closed.wrapped_out.end());
    closed.wrapped_out.clear();
    Pump(closed);
  }
  Of(id).client_closed = true;
  Of(id).to_client.clear();
}

void SimNetwork::ResetClient(StreamId id) {
  Stream& stream = Of(id);
  stream.client_closed = true;
  stream.reset = true;
  stream.to_client.clear();
  stream.to_broker.clear();
}

}  // namespace ringmq::sim
