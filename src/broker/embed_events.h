// What happened to clients, kept for the owner of an embedded broker until it asks.
//
// Bounded: what finds no room is counted and forgotten, for a shard waits for nobody. Dropped
// messages, which clients can cause at will, fill at most half of it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "broker/event_sink.h"

namespace ringmq::broker {

class EventQueue final : public EventSink {
 public:
  explicit EventQueue(size_t events_max) : events_max_(events_max) {}

  // EventSink: any shard's thread.
  void OnConnected(const Arrival& arrival) override;
  void OnDisconnected(std::string_view client_id, DisconnectedBy by, ReasonCode reason) override;
  void OnSubscribed(std::string_view client_id, std::string_view filter, Qos qos) override;
  void OnUnsubscribed(std::string_view client_id, std::string_view filter) override;
  void OnDropped(std::string_view client_id, std::string_view topic, DropReason reason) override;

  // Everything that is there; waits for the first one until `timeout` or End(). Any thread.
  [[nodiscard]] std::vector<BrokerEvent> Take(std::chrono::milliseconds timeout);
  // No shard runs any more: nobody waits from here on.
  void End();
  [[nodiscard]] uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void Push(BrokerEvent event, size_t room);

  const size_t events_max_;
  std::atomic<uint64_t> lost_{0};  // Relaxed: a figure.

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<BrokerEvent> events_;
  bool ended_ = false;
};

}  // namespace ringmq::broker
