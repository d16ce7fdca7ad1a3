// SPDX-License-Identifier: Apache-2.0
#include "sim/sim_ring.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace ringmq::sim {

using reactor::Completion;
using reactor::Op;
using reactor::OpCode;

namespace {

bool IsReceive(OpCode code) { return code == OpCode::kRecv || code == OpCode::kRecvMultishot; }
constexpr uint8_t kReleasedByte = 0xdd;  // Whoever reads a released buffer reads nonsense.

}  // namespace

SimRing::SimRing(World& world, SimNetwork& network, size_t buffer_count, size_t buffer_bytes)
    : world_(world),
      network_(network),
      buffers_(buffer_count, std::vector<uint8_t>(buffer_bytes, kReleasedByte)) {
  for (size_t i = 0; i < buffer_count; ++i) free_buffers_.push_back(static_cast<uint16_t>(i));
}

std::span<const Completion> SimRing::Enter(std::span<const Op> ops, Instant deadline,
                                           std::span<Completion> storage) {
  RMQ_CHECK(lent_.empty());
  RMQ_CHECK(!storage.empty());
  for (const Op& op : ops) Submit(op);
  Pump();
  const size_t count = GiveOut(storage);
  slept_ = ops.empty() && count == 0 && !woken_ && deadline > world_.now;
  deadline_ = deadline;
  woken_ = false;
  return storage.first(count);
}

std::span<uint8_t> SimRing::Buffer(uint16_t buffer_id) {
  RMQ_CHECK(lent_.count(buffer_id) == 1);
  return buffers_[buffer_id];
}

void SimRing::ReleaseBuffer(uint16_t buffer_id) {
  RMQ_CHECK(lent_.erase(buffer_id) == 1);
  std::ranges::fill(buffers_[buffer_id], kReleasedByte);
  free_buffers_.push_back(buffer_id);
}

size_t SimRing::Outstanding(int fd) const {
  return static_cast<size_t>(std::ranges::count_if(
      flights_, [fd](const auto& entry) { return entry.second.op.fd == fd; }));
}

void SimRing::CheckNew(const Op& op) const {
  RMQ_CHECK(flights_.count(op.token) == 0);
  if (op.code == OpCode::kCancel) return;
  RMQ_CHECK(network_.IsOpen(op.fd));
  RMQ_CHECK(network_.IsListener(op.fd) == (op.code == OpCode::kAccept) ||
            op.code == OpCode::kClose);
  for (const auto& [token, flight] : flights_) {
    if (flight.op.fd != op.fd || flight.op.code == OpCode::kCancel) continue;
    RMQ_CHECK(op.code != OpCode::kClose);
    RMQ_CHECK(flight.op.code != OpCode::kClose);
    RMQ_CHECK(flight.op.code != op.code);
    RMQ_CHECK(!(IsReceive(flight.op.code) && IsReceive(op.code)));
  }
}

void SimRing::Submit(const Op& op) {
  CheckNew(op);
  Flight& flight = flights_[op.token];
  flight.op = op;
  switch (op.code) {
    case OpCode::kAccept:
    case OpCode::kRecv:
    case OpCode::kRecvMultishot:
      return;
    case OpCode::kSend:
      RMQ_CHECK(!op.slices.empty());
      flight.bytes_hash = HashOf(op.slices);
      return;
    case OpCode::kCancel:
      Cancel(op);
      return;
    case OpCode::kClose:
      network_.Close(op.fd);
      flight.op.fd = -1;  // From now on the number may be somebody else's.
      Post(flight, 0, false);
      return;
    case OpCode::kConnect:
    case OpCode::kPoll:
      break;  // The broker uses neither.
  }
  RMQ_CHECK(false);
}

void SimRing::Cancel(const Op& op) {
  const auto target = flights_.find(op.target);
  const bool found = target != flights_.end() && !target->second.ended;
  if (found) {
    Flight& flight = target->second;
    flight.cancelled = true;
    // Sometimes the operation still beats the cancel.
    if (NetworkReady(flight) && world_.Chance(world_.faults.cancel_race)) Perform(flight);
    if (!flight.ended) Post(flight, -ECANCELED, false);
  }
  Post(flights_.at(op.token), found ? 0 : -ENOENT, false);
}

bool SimRing::NetworkReady(const Flight& flight) const {
  if (flight.ended) return false;
  switch (flight.op.code) {
    case OpCode::kAccept:
      return network_.CanAccept(flight.op.fd);
    case OpCode::kRecv:
    case OpCode::kRecvMultishot:
      return network_.Readable(flight.op.fd);
    case OpCode::kSend:
      return network_.Writable(flight.op.fd);
    case OpCode::kConnect:
    case OpCode::kCancel:
    case OpCode::kClose:
    case OpCode::kPoll:
      return false;
  }
  RMQ_CHECK(false);
}

void SimRing::Pump() {
  for (auto& [token, flight] : flights_) {
    if (!NetworkReady(flight)) continue;
    if (flight.ready == Instant::Max()) flight.ready = DueTime();
    if (flight.ready > world_.now) continue;
    flight.ready = Instant::Max();
    Perform(flight);
  }
}

Instant SimRing::DueTime() {
  if (!world_.Chance(world_.faults.delay)) return world_.now;
  return world_.now + world_.UpTo(world_.faults.delay_max);
}

void SimRing::Perform(Flight& flight) {
  if (flight.op.code == OpCode::kAccept) return PerformAccept(flight);
  if (world_.ChanceOf100k(world_.faults.reset)) network_.ResetByNetwork(flight.op.fd);
  if (flight.op.code == OpCode::kSend) return PerformSend(flight);
  PerformReceive(flight);
}

void SimRing::PerformAccept(Flight& flight) {
  if (world_.Chance(world_.faults.accept_failure)) {
    const bool aborted = world_.random.Chance(1, 2);
    if (aborted) network_.AbortPending(flight.op.fd);
    return Post(flight, aborted ? -ECONNABORTED : -EMFILE, false);
  }
  const bool more = !flight.cancelled && !world_.Chance(world_.faults.multishot_end);
  Post(flight, network_.Accept(flight.op.fd), more);
}

void SimRing::PerformReceive(Flight& flight) {
  const bool multishot = flight.op.code == OpCode::kRecvMultishot;
  if (free_buffers_.empty() || world_.Chance(world_.faults.no_buffers)) {
    return Post(flight, -ENOBUFS, false);
  }
  const uint16_t id = free_buffers_.back();
  std::span<uint8_t> space = buffers_[id];
  if (world_.Chance(world_.faults.one_byte_read)) {
    space = space.first(1);
  } else if (world_.Chance(world_.faults.short_read)) {
    space = space.first(1 + world_.random.Below(space.size()));
  }
  const int result = network_.Read(flight.op.fd, space);
  if (result <= 0) return Post(flight, result, false);
  free_buffers_.pop_back();
  posted_buffers_.insert(id);
  const bool more = multishot && !flight.cancelled && !world_.Chance(world_.faults.multishot_end);
  Post(flight, result, more, id);
}

void SimRing::PerformSend(Flight& flight) {
  RMQ_CHECK(HashOf(flight.op.slices) == flight.bytes_hash);
  std::vector<uint8_t> bytes;
  for (const iovec& slice : flight.op.slices) {
    const auto* const begin = static_cast<const uint8_t*>(slice.iov_base);
    bytes.insert(bytes.end(), begin, begin + slice.iov_len);
  }
  size_t count = bytes.size();
  if (world_.Chance(world_.faults.short_send)) count = 1 + world_.random.Below(count);
  Post(flight, network_.Write(flight.op.fd, std::span(bytes).first(count)), false);
}

void SimRing::Post(Flight& flight, int32_t result, bool more, uint16_t buffer_id) {
  RMQ_CHECK(!flight.ended);
  flight.ended = !more;
  ++flight.posted;
  posted_.push_back({.completion = {.token = flight.op.token,
                                    .result = result,
                                    .buffer_id = buffer_id,
                                    .more = more},
                     .due = DueTime()});
}

uint64_t SimRing::HashOf(std::span<const iovec> slices) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const iovec& slice : slices) {
    RMQ_CHECK(slice.iov_len > 0);
    const auto* const bytes = static_cast<const uint8_t*>(slice.iov_base);
    for (size_t i = 0; i < slice.iov_len; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  }
  return hash;
}

// Of each operation the oldest completion that waits, if it is due.
std::vector<size_t> SimRing::Eligible() const {
  std::vector<size_t> eligible;
  std::set<uint64_t> seen;
  for (size_t i = 0; i < posted_.size(); ++i) {
    if (seen.insert(posted_[i].completion.token).second && posted_[i].due <= world_.now) {
      eligible.push_back(i);
    }
  }
  return eligible;
}

size_t SimRing::GiveOut(std::span<Completion> storage) {
  size_t most = storage.size();
  if (world_.Chance(world_.faults.small_batch)) most = std::min<size_t>(most, 1);
  size_t count = 0;
  while (count < most) {
    const std::vector<size_t> eligible = Eligible();
    if (eligible.empty()) break;
    const size_t pick = world_.Chance(world_.faults.reorder)
                            ? eligible[world_.random.Below(eligible.size())]
                            : eligible.front();
    const Completion completion = posted_[pick].completion;
    posted_.erase(posted_.begin() + static_cast<ptrdiff_t>(pick));
    const auto it = flights_.find(completion.token);
    if (posted_buffers_.count(completion.buffer_id) > 0 && completion.result > 0 &&
        IsReceive(it->second.op.code)) {
      posted_buffers_.erase(completion.buffer_id);
      lent_.insert(completion.buffer_id);
    }
    if (!completion.more) {
      // The caller's bytes are the ring's until this very moment.
      if (it->second.op.code == OpCode::kSend) {
        RMQ_CHECK(HashOf(it->second.op.slices) == it->second.bytes_hash);
      }
      flights_.erase(it);
    }
    storage[count++] = completion;
  }
  return count;
}

Instant SimRing::NextEvent() const {
  if (woken_) return world_.now;
  Instant next = deadline_;
  for (const Posted& posted : posted_) next = std::min(next, posted.due);
  for (const auto& [token, flight] : flights_) {
    if (!NetworkReady(flight)) continue;
    next = std::min(next, flight.ready == Instant::Max() ? world_.now : flight.ready);
  }
  return next;
}

}  // namespace ringmq::sim
