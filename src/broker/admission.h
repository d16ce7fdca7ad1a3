// How fast a listener lets clients in: connections_per_second_max and
// tls_handshakes_per_second_max.
//
//   accepted --may it?--> read from --first bytes of TLS: may it?--> handshake --> CONNECT
//               | no                              | no
//               +--> waits in line, unread        +--> likewise, with what it has sent
//
// Who may not go ahead yet waits, first come first served, for connect_timeout_ms at most, then it
// is closed. The budget of a listener is the broker's; each shard has lines of its own. Nothing is
// read from those who wait, so one that has given up meanwhile still takes its turn.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/ring_queue.h"
#include "base/slab.h"
#include "broker/core.h"

namespace ringmq::broker {

enum class AdmissionKind : uint8_t { kConnection, kHandshake };

class Admission {
 public:
  explicit Admission(Core& core) : core_(core), lines_(2 * core.config.listeners.size()) {}

  // Whether it may go ahead. If not, it is counted, has Connection::awaits_admission set, and
  // comes back through Serve(): until then the caller leaves it alone. Requires: it does not wait,
  // and is no link's.
  [[nodiscard]] bool Ask(AdmissionKind kind, Connection& connection);

  // Lets go ahead whose turn has come, those that are gone left out. Once a turn.
  void Serve(absl::FunctionRef<void(AdmissionKind, Connection&)> go_ahead);

  // When Serve() has something to do.
  [[nodiscard]] Instant NextDue() const;

 private:
  using Line = base::RingQueue<base::Handle<Connection>>;

  [[nodiscard]] Line& LineOf(AdmissionKind kind, uint32_t listener) {
    return lines_[2 * listener + static_cast<size_t>(kind)];
  }
  [[nodiscard]] uint32_t PerSecond(AdmissionKind kind, uint32_t listener) const;
  [[nodiscard]] RateLimit& BudgetOf(AdmissionKind kind, uint32_t listener) const;
  void ServeLine(AdmissionKind kind, uint32_t listener,
                 absl::FunctionRef<void(AdmissionKind, Connection&)> go_ahead);

  Core& core_;
  std::vector<Line> lines_;  // Two for each listener.
  size_t waiting_ = 0;       // In all of them.
};

}  // namespace ringmq::broker
