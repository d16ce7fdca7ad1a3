// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_network.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "base/check.h"

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
  const size_t space = buffer_bytes_ - std::min(buffer_bytes_, stream.to_broker.size());
  const size_t count = std::min(bytes.size(), space);
  stream.to_broker.insert(stream.to_broker.end(), bytes.begin(),
                          bytes.begin() + static_cast<ptrdiff_t>(count));
  return count;
}

std::vector<uint8_t> SimNetwork::Receive(StreamId id, size_t max_bytes) {
  Stream& stream = Of(id);
  const size_t count = std::min(max_bytes, stream.to_client.size());
  const auto end = stream.to_client.begin() + static_cast<ptrdiff_t>(count);
  std::vector<uint8_t> bytes(stream.to_client.begin(), end);
  stream.to_client.erase(stream.to_client.begin(), end);
  return bytes;
}

bool SimNetwork::Ended(StreamId id) const {
  const Stream& stream = Of(id);
  return stream.reset || (stream.broker_closed && stream.to_client.empty());
}

void SimNetwork::CloseClient(StreamId id) {
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
