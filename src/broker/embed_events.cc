// SPDX-License-Identifier: Apache-2.0
#include "broker/embed_events.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace ringmq::broker {
namespace {

DropCause CauseOf(DropReason reason) {
  switch (reason) {
    case DropReason::kOutputFull:
      return DropCause::kOutputFull;
    case DropReason::kQueueFull:
      return DropCause::kQueueFull;
    case DropReason::kOldestReplaced:
      return DropCause::kOldestReplaced;
    case DropReason::kTooLarge:
      return DropCause::kTooLarge;
    case DropReason::kExpired:
      return DropCause::kExpired;
    case DropReason::kOffline:
      return DropCause::kOffline;
    case DropReason::kNotAuthorized:
      return DropCause::kNotAuthorized;
    case DropReason::kNoMember:
      return DropCause::kNoMember;
    case DropReason::kRetainedFull:
      return DropCause::kRetainedFull;
  }
  RMQ_CHECK(false);
}

}  // namespace

void EventQueue::OnConnected(const Arrival& arrival) {
  Push(ClientConnected{.client_id = std::string(arrival.client_id),
                       .username = std::string(arrival.username),
                       .peer = std::string(arrival.peer),
                       .version = arrival.version,
                       .session_present = arrival.session_present},
       events_max_);
}

void EventQueue::OnDisconnected(std::string_view client_id, DisconnectedBy by, ReasonCode reason) {
  Push(ClientDisconnected{.client_id = std::string(client_id), .by = by, .reason = reason},
       events_max_);
}

void EventQueue::OnSubscribed(std::string_view client_id, std::string_view filter, Qos qos) {
  Push(
      ClientSubscribed{
          .client_id = std::string(client_id), .filter = std::string(filter), .qos = qos},
      events_max_);
}

void EventQueue::OnUnsubscribed(std::string_view client_id, std::string_view filter) {
  Push(ClientUnsubscribed{.client_id = std::string(client_id), .filter = std::string(filter)},
       events_max_);
}

void EventQueue::OnDropped(std::string_view client_id, std::string_view topic, DropReason reason) {
  Push(
      MessageDropped{
          .client_id = std::string(client_id), .topic = std::string(topic), .why = CauseOf(reason)},
      events_max_ / 2);
}

void EventQueue::Push(BrokerEvent event, size_t room) {
  {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= room) {
      lost_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    events_.push_back(std::move(event));
    if (events_.size() > 1) return;  // Whoever waits was told.
  }
  filled_.notify_all();
}

std::vector<BrokerEvent> EventQueue::Take(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  filled_.wait_for(lock, timeout, [this] { return ended_ || !events_.empty(); });
  return std::exchange(events_, {});
}

void EventQueue::End() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  filled_.notify_all();
}

}  // namespace ringmq::broker
