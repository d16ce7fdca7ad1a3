// SPDX-License-Identifier: Apache-2.0
#include "client/hub.h"

#include <utility>

#include "base/check.h"

namespace ringmq::client {

Hub::Hub(const Options& options, reactor::Ring* ring)
    : limits_(options.outbound),
      unused_acks_(options.unused_acks),
      version_(options.version),
      attention_(new Attention),
      ring_(ring) {}

Hub::~Hub() { attention_->Unref(); }

// A message that is larger than the whole budget may still go, alone.
bool Hub::HasRoom(size_t size_bytes) const {
  const uint64_t messages = uint64_t{waiting_messages_} + held_.messages;
  const uint64_t bytes = waiting_bytes_ + held_.bytes;
  return messages == 0 || (messages < limits_.messages && bytes + size_bytes <= limits_.bytes);
}

// The loop drops what is older as soon as it runs; until then as much again may wait here.
bool Hub::MayDropOlder() const {
  if (waiting_messages_ >= limits_.messages || waiting_bytes_ >= limits_.bytes) return false;
  return limits_.overflow == Overflow::kDropOldest ||
         (limits_.overflow == Overflow::kDropOldestQos0 && held_.queued_qos0 > 0);
}

// The wake is under the mutex, so that the ring lives.
void Hub::Append(Command command) {
  const bool was_empty = commands_.empty();
  commands_.push_back(std::move(command));
  if (was_empty && !on_loop_thread()) ring_->Wake();
}

bool Hub::Publish(PublishCommand command) {
  Outcome refusal = Outcome::kShutdown;
  {
    const std::lock_guard lock(mutex_);
    bool taken = false;
    if (ring_ != nullptr) {
      taken = HasRoom(command.size_bytes) || MayDropOlder();
      const bool come_back =
          limits_.overflow == Overflow::kReject || limits_.overflow == Overflow::kDropOldestQos0;
      refusal = come_back ? Outcome::kWouldBlock : Outcome::kOverflow;
      turned_away_ |= !taken;
    }
    if (taken) {
      ++waiting_messages_;
      waiting_bytes_ += command.size_bytes;
      Append(std::move(command));
      return true;
    }
  }
  command.promise.Resolve({.outcome = refusal});
  return false;
}

Hub::Room Hub::AwaitRoom(size_t size_bytes, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return ring_ == nullptr || HasRoom(size_bytes); };
  if (!ready()) {
    if (on_loop_thread()) return Room::kDeadlock;
    turned_away_ = true;
    if (!room_.wait_until(lock, deadline, ready)) return Room::kTimedOut;
  }
  return ring_ == nullptr ? Room::kStopped : Room::kYes;
}

bool Hub::Post(Command& command) {
  const std::lock_guard lock(mutex_);
  if (ring_ == nullptr) return false;
  Append(std::move(command));
  return true;
}

void Hub::WakeOwner() {
  const std::lock_guard lock(mutex_);
  attention_->told.fetch_add(1, std::memory_order_relaxed);
  if (ring_ != nullptr) ring_->Wake();
}

void Hub::Send(uint64_t ticket, ReasonCode reason) noexcept {
  Command command = AckCommand{.ticket = ticket, .reason = reason};
  static_cast<void>(Post(command));  // Without a loop there is nobody to tell.
}

void Hub::Unused(uint64_t ticket) noexcept {
  switch (unused_acks_) {
    case UnusedAcks::kSend:
      Send(ticket, ReasonCode::kSuccess);
      return;
    case UnusedAcks::kRefuse:
      Send(ticket, ReasonCode::kUnspecifiedError);
      return;
    case UnusedAcks::kLeave:
      Release(ticket);
      return;
  }
}

void Hub::Release(uint64_t ticket) noexcept {
  Command command = AckCommand{.ticket = ticket, .abandon = true};
  static_cast<void>(Post(command));
}

ClientStats Hub::stats() {
  const std::lock_guard lock(mutex_);
  ClientStats stats = stats_;
  stats.queued_messages = waiting_messages_ + held_.messages;
  stats.queued_bytes = waiting_bytes_ + held_.bytes;
  return stats;
}

bool Hub::has_commands() {
  const std::lock_guard lock(mutex_);
  return !commands_.empty();
}

void Hub::Take(std::vector<Command>& commands) {
  RMQ_CHECK(commands.empty());
  const std::lock_guard lock(mutex_);
  commands.swap(commands_);
  // The loop has them now; it says with SetHeld() what became of them.
  held_.messages += waiting_messages_;
  held_.bytes += waiting_bytes_;
  waiting_messages_ = 0;
  waiting_bytes_ = 0;
}

bool Hub::SetHeld(const Held& held, const ClientStats& stats) {
  const std::lock_guard lock(mutex_);
  held_ = held;
  stats_ = stats;
  if (!turned_away_) return false;
  const uint64_t all_messages = uint64_t{waiting_messages_} + held_.messages;
  const uint64_t all_bytes = waiting_bytes_ + held_.bytes;
  // Half empty, so that whoever comes back finds room for a while.
  if (all_messages > limits_.messages / 2 || all_bytes > limits_.bytes / 2) return false;
  turned_away_ = false;
  room_.notify_all();
  return true;
}

void Hub::Close(std::vector<Command>& commands) {
  const std::lock_guard lock(mutex_);
  ring_ = nullptr;
  for (Command& command : commands_) commands.push_back(std::move(command));
  commands_.clear();
  waiting_messages_ = 0;
  waiting_bytes_ = 0;
  held_ = {};
  room_.notify_all();
}

}  // namespace ringmq::client
