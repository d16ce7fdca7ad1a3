// SPDX-License-Identifier: Apache-2.0
#include "client/hub.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace ringmq::client {
namespace {

// So many dropped commands are not worth moving the others for.
constexpr size_t kHolesMin = 64;

}  // namespace

Hub::Hub(const Options& options, reactor::Ring* ring)
    : limits_(options.outbound),
      unused_acks_(options.unused_acks),
      version_(options.version),
      attention_(new Attention),
      ring_(ring) {
  SetDisconnected();
}

Hub::~Hub() {
  connection_promise_.Resolve({});
  attention_->Unref();
}

// A message that is larger than the whole budget may still go, alone.
bool Hub::HasRoom(size_t size_bytes) const {
  const uint64_t messages = uint64_t{waiting_messages_} + held_.messages;
  const uint64_t bytes = waiting_bytes_ + held_.bytes;
  return messages == 0 || (messages < limits_.messages && bytes + size_bytes <= limits_.bytes);
}

bool Hub::IsDroppable(const Command& command) const {
  const auto* const publish = std::get_if<PublishCommand>(&command);
  if (publish == nullptr) return false;
  return limits_.overflow == Overflow::kDropOldest ||
         (limits_.overflow == Overflow::kDropOldestQos0 && publish->qos == Qos::kAtMostOnce);
}

// Whether there is room once older ones are dropped that were never sent. Those that the loop has
// it drops itself as soon as it runs (Sender::Trim()), and they are older than what waits here; so
// here only what would be too much on its own gives way. What stays in the end is the same.
bool Hub::MakeRoom(size_t size_bytes) {
  if (HasRoom(size_bytes)) return true;
  if (limits_.overflow == Overflow::kDropOldestQos0) {
    const uint64_t messages = uint64_t{waiting_messages_} + held_.messages - waiting_qos0_ -
                              std::min(held_.queued_qos0, held_.messages);
    const uint64_t bytes = waiting_bytes_ + held_.bytes - waiting_qos0_bytes_ -
                           std::min(held_.queued_qos0_bytes, held_.bytes);
    const bool has_room =
        messages == 0 || (messages < limits_.messages && bytes + size_bytes <= limits_.bytes);
    if (!has_room) return false;
  } else if (limits_.overflow != Overflow::kDropOldest) {
    return false;
  }
  while (waiting_messages_ >= limits_.messages ||
         (waiting_messages_ > 0 && waiting_bytes_ + size_bytes > limits_.bytes)) {
    while (droppable_from_ < commands_.size() && !IsDroppable(commands_[droppable_from_])) {
      ++droppable_from_;
    }
    if (droppable_from_ == commands_.size()) break;  // The rest is the loop's to drop.
    DropOldestWaiting();
  }
  return true;
}

// Requires: commands_[droppable_from_] is droppable.
void Hub::DropOldestWaiting() {
  Command& command = commands_[droppable_from_++];
  auto& publish = std::get<PublishCommand>(command);
  --waiting_messages_;
  waiting_bytes_ -= publish.size_bytes;
  if (publish.qos == Qos::kAtMostOnce) {
    --waiting_qos0_;
    waiting_qos0_bytes_ -= publish.size_bytes;
  }
  DroppedCommand dropped{std::move(publish.promise)};
  if (dropped.promise.ResolveUnlessCalled({.outcome = Outcome::kOverflow})) ++holes_;
  command = std::move(dropped);
  if (holes_ >= kHolesMin && holes_ * 2 > commands_.size()) CompactCommands();
}

void Hub::CompactCommands() {
  std::erase_if(commands_, [](const Command& command) {
    const auto* const dropped = std::get_if<DroppedCommand>(&command);
    return dropped != nullptr && !dropped->promise;
  });
  droppable_from_ = 0;
  holes_ = 0;
}

// The wake is under the mutex, so that the ring lives.
void Hub::Append(Command command) {
  const bool was_empty = commands_.empty();
  commands_.push_back(std::move(command));
  if (was_empty && !(on_loop_thread() && is_listening_)) ring_->Wake();
}

bool Hub::Publish(PublishCommand command) {
  Outcome refusal = Outcome::kShutdown;
  {
    const std::lock_guard lock(mutex_);
    bool taken = false;
    if (ring_ != nullptr) {
      taken = MakeRoom(command.size_bytes);
      const bool come_back =
          limits_.overflow == Overflow::kReject || limits_.overflow == Overflow::kDropOldestQos0;
      refusal = come_back ? Outcome::kWouldBlock : Outcome::kOverflow;
      turned_away_ |= !taken;
    }
    if (taken) {
      ++waiting_messages_;
      waiting_bytes_ += command.size_bytes;
      if (command.qos == Qos::kAtMostOnce) {
        ++waiting_qos0_;
        waiting_qos0_bytes_ += command.size_bytes;
      }
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

ConnectHandle Hub::WhenConnected() {
  const std::lock_guard lock(mutex_);
  return connection_;
}

void Hub::SetConnected(ConnectResult connection) {
  ConnectPromise promise;
  {
    const std::lock_guard lock(mutex_);
    promise = std::move(connection_promise_);
  }
  // Without the lock: callbacks may publish.
  promise.Resolve(std::move(connection));
}

void Hub::SetDisconnected() {
  const std::lock_guard lock(mutex_);
  if (connection_promise_) return;  // Who waited for this attempt waits for the next one.
  std::tie(connection_promise_, connection_) = MakePending<ConnectResult>(*attention_);
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
  held_.queued_qos0 += waiting_qos0_;
  held_.queued_qos0_bytes += waiting_qos0_bytes_;
  Forget();
}

// The commands are somebody else's.
void Hub::Forget() {
  waiting_messages_ = waiting_qos0_ = 0;
  waiting_bytes_ = waiting_qos0_bytes_ = 0;
  droppable_from_ = holes_ = 0;
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
  SetDisconnected();  // Who asks from now on hears the same as who has waited.
  SetConnected({});
  const std::lock_guard lock(mutex_);
  ring_ = nullptr;
  for (Command& command : commands_) commands.push_back(std::move(command));
  commands_.clear();
  Forget();
  held_ = {};
  room_.notify_all();
}

}  // namespace ringmq::client
