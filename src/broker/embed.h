// What is behind include/ringmq/broker.h: a broker, and what the process around it plugged in.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "broker/broker.h"
#include "broker/embed_auth.h"
#include "broker/embed_events.h"
#include "broker/enhanced_auth.h"
#include "broker/link_client.h"
#include "broker/log.h"
#include "ringmq/broker.h"

namespace ringmq::broker {

// Lines go to the owner's function, or nowhere.
class FunctionLog final : public Log {
 public:
  using Sink = std::function<void(BrokerLogLevel, std::string_view)>;
  FunctionLog(LogLevel level, Sink sink) : Log(level), sink_(std::move(sink)) {}

 protected:
  void Emit(LogLevel level, std::string_view line) override;

 private:
  const Sink sink_;
};

class Embedding {
 public:
  [[nodiscard]] static Expected<std::unique_ptr<Embedding>> Start(BrokerOptions options);

  [[nodiscard]] Broker& running() { return *running_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  void Stop();
  [[nodiscard]] EventQueue& events() { return events_; }
  [[nodiscard]] Expected<std::unique_ptr<LinkClient>> OpenLink(LinkOptions options);

 private:
  explicit Embedding(const BrokerOptions& options);

  // In the order in which they need each other: the broker goes first.
  FunctionLog log_;
  const AuthMethods auth_methods_;
  EventQueue events_;
  const FunctionRights rights_;
  std::unique_ptr<Broker> running_;
  bool stopped_ = false;
};

}  // namespace ringmq::broker
