// SPDX-License-Identifier: Apache-2.0
#include "broker/admission.h"

#include <algorithm>

#include "base/check.h"

namespace ringmq::broker {

uint32_t Admission::PerSecond(AdmissionKind kind, uint32_t listener) const {
  const ListenerConfig& config = core_.config.listeners[listener];
  return kind == AdmissionKind::kConnection ? config.connections_per_second_max
                                            : config.tls.handshakes_per_second_max;
}

RateLimit& Admission::BudgetOf(AdmissionKind kind, uint32_t listener) const {
  return kind == AdmissionKind::kConnection ? core_.shared.connection_rates[listener]
                                            : core_.shared.handshake_rates[listener];
}

bool Admission::Ask(AdmissionKind kind, Connection& connection) {
  RMQ_CHECK(!connection.awaits_admission);
  RMQ_CHECK(connection.pipe == nullptr);
  const uint32_t listener = connection.listener;
  const uint32_t per_second = PerSecond(kind, listener);
  if (per_second == 0) return true;
  Line& line = LineOf(kind, listener);
  // Nobody overtakes those who wait.
  if (line.empty() && BudgetOf(kind, listener).TryTake(per_second, core_.now)) return true;
  connection.awaits_admission = true;
  line.push_back(connection.self);
  ++waiting_;
  ++core_.statistics.admissions_deferred;
  const bool is_handshake = kind == AdmissionKind::kHandshake;
  core_.refusals.Write(core_.now, LogLevel::kWarning,
                       "{} wait: {}_per_second_max ({}) of listeners[{}] reached",
                       is_handshake ? "TLS handshakes" : "connections",
                       is_handshake ? "tls_handshakes" : "connections", per_second, listener);
  return false;
}

void Admission::Serve(absl::FunctionRef<void(AdmissionKind, Connection&)> go_ahead) {
  if (waiting_ == 0) return;
  for (uint32_t listener = 0; listener < lines_.size() / 2; ++listener) {
    ServeLine(AdmissionKind::kConnection, listener, go_ahead);
    ServeLine(AdmissionKind::kHandshake, listener, go_ahead);
  }
}

void Admission::ServeLine(AdmissionKind kind, uint32_t listener,
                          absl::FunctionRef<void(AdmissionKind, Connection&)> go_ahead) {
  Line& line = LineOf(kind, listener);
  while (!line.empty()) {
    Connection* const connection = core_.connections.Find(line.front());
    const bool waits = connection != nullptr && connection->awaits_admission &&
                       connection->state != ConnectionState::kClosing;
    if (waits && !BudgetOf(kind, listener).TryTake(PerSecond(kind, listener), core_.now)) return;
    line.pop_front();
    --waiting_;
    if (!waits) continue;
    connection->awaits_admission = false;
    go_ahead(kind, *connection);
  }
}

Instant Admission::NextDue() const {
  Instant due = Instant::Max();
  if (waiting_ == 0) return due;
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].empty()) continue;
    const auto kind = static_cast<AdmissionKind>(i % 2);
    const auto listener = static_cast<uint32_t>(i / 2);
    due = std::min(due, BudgetOf(kind, listener).NextAt(PerSecond(kind, listener)));
  }
  return due;
}

}  // namespace ringmq::broker
