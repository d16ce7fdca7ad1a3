// SPDX-License-Identifier: Apache-2.0
#include "broker/pipe.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace ringmq::broker {
namespace {

// Moves all of `from` behind `to`; without a copy where that is possible.
void MoveBehind(std::vector<uint8_t>& from, std::vector<uint8_t>& to) {
  if (to.empty()) {
    std::swap(from, to);
  } else {
    to.insert(to.end(), from.begin(), from.end());
  }
  from.clear();
}

}  // namespace

void PipePort::Ring(uint64_t name) {
  {
    const std::lock_guard lock(mutex_);
    names_.push_back(name);
    if (names_.size() > 1) return;  // Rung already, and not collected.
    rung_.store(true, std::memory_order_release);
  }
  ring_.Wake();
}

void PipePort::Collect(std::vector<uint64_t>& out) {
  if (!rung_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(mutex_);
  rung_.store(false, std::memory_order_relaxed);
  out.insert(out.end(), names_.begin(), names_.end());
  names_.clear();
}

Pipe::Ends Pipe::Make(PipeOptions options) {
  Pipe* const pipe = new Pipe(std::move(options));
  return {ShardEnd(pipe), LinkEnd(pipe)};
}

// Release what was done before; acquire, for the one that destroys, what the other did.
void Pipe::Unref() {
  if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Pipe::ShardLetsGo::operator()(Pipe* pipe) const {
  {
    const std::lock_guard lock(pipe->mutex_);
    pipe->shard_gone_ = true;
    pipe->port_ = nullptr;
    pipe->to_shard_ = {};
    pipe->RingLink();
  }
  pipe->Unref();
}

void Pipe::LinkLetsGo::operator()(Pipe* pipe) const {
  {
    const std::lock_guard lock(pipe->mutex_);
    pipe->link_gone_ = true;
    pipe->to_link_ = {};
    pipe->RingShard();
  }
  pipe->Unref();
}

void Pipe::RingShard() {
  if (port_ == nullptr || shard_rung_) return;
  shard_rung_ = true;
  port_->Ring(name_);
}

void Pipe::RingLink() {
  if (link_gone_) return;
  link_changed_.notify_one();
  if (options_.on_ready) options_.on_ready();
}

bool Pipe::HasRoom() {
  const std::lock_guard lock(mutex_);
  const bool has_room = to_shard_.size() < options_.to_shard_bytes_max;
  link_wants_room_ = !has_room;
  return has_room;
}

bool Pipe::Push(std::vector<uint8_t>& packets) {
  const std::lock_guard lock(mutex_);
  RMQ_CHECK(!link_gone_);
  if (shard_gone_) {
    packets.clear();
    return false;
  }
  if (packets.empty()) return true;
  MoveBehind(packets, to_shard_);
  RingShard();
  return true;
}

bool Pipe::Take(std::vector<uint8_t>& out, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  RMQ_CHECK(!link_gone_);
  link_changed_.wait_until(lock, deadline, [this] {
    const bool has_room = to_shard_.size() < options_.to_shard_bytes_max;
    return !to_link_.empty() || shard_gone_ || (link_wants_room_ && has_room);
  });
  if (to_link_.empty()) return !shard_gone_;
  MoveBehind(to_link_, out);
  if (shard_wants_room_) {
    shard_wants_room_ = false;
    RingShard();
  }
  return true;
}

void Pipe::Attach(PipePort& port, uint64_t name) {
  const std::lock_guard lock(mutex_);
  RMQ_CHECK(port_ == nullptr);
  port_ = &port;
  name_ = name;
}

bool Pipe::Serve(Input input, std::vector<uint8_t>& out) {
  const std::lock_guard lock(mutex_);
  shard_rung_ = false;
  if (input == Input::kLeave) return true;
  const bool was_full = to_shard_.size() >= options_.to_shard_bytes_max;
  MoveBehind(to_shard_, out);
  if (was_full && link_wants_room_) RingLink();
  return !link_gone_;
}

size_t Pipe::Put(std::span<const iovec> slices, Bound bound) {
  const std::lock_guard lock(mutex_);
  const bool was_empty = to_link_.empty();
  size_t put = 0;
  for (const iovec& slice : slices) {
    size_t size = slice.iov_len;
    if (bound == Bound::kKeep && !link_gone_) {
      const size_t held = to_link_.size();
      size =
          std::min(size, options_.to_link_bytes_max - std::min(held, options_.to_link_bytes_max));
    }
    const auto* const bytes = static_cast<const uint8_t*>(slice.iov_base);
    if (!link_gone_) to_link_.insert(to_link_.end(), bytes, bytes + size);
    put += size;
    if (size == slice.iov_len) continue;
    shard_wants_room_ = true;
    break;
  }
  if (was_empty && !to_link_.empty()) RingLink();
  return put;
}

}  // namespace ringmq::broker
