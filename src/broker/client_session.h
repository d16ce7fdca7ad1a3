// What the broker remembers of one client: its session in the standard's sense (5.0 s4.1), who
// owns it, and its will. Lives on the home core of its client identifier.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/slab.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "broker/acl.h"
#include "codec/message.h"
#include "session/session.h"

namespace ringmq::broker {

class Connection;

inline constexpr uint32_t kSessionNeverExpires = 0xffffffff;  // 5.0 s3.1.2.11.2.

struct WillRecord {
  codec::MessageRef message;  // Expiry is counted from when it is published.
  uint32_t delay_s = 0;
  uint32_t message_expiry_s = 0;  // Zero: none.
};

struct ClientSession {
  ClientSession(const session::SessionLimits& limits, std::string id)
      : client_id(std::move(id)), qos(limits) {}

  [[nodiscard]] bool connected() const { return connection != base::Handle<Connection>{}; }

  const std::string client_id;
  uint64_t identity = 0;               // Hash of the client identifier; equal on all cores.
  std::unique_ptr<std::string> owner;  // User name that made it; null: anonymous. Never changes.
  base::Handle<ClientSession> self;
  // From here to `qos`: read for every delivery, so side by side.
  std::string_view mount;  // Of its listener, in Core::config. Never changes.
  base::Handle<Connection> connection;
  uint32_t replays = 0;         // Retained replays under way; keeps order and bounds.
  bool full = false;            // Its queue; shared groups skip it meanwhile.
  bool local = false;           // Of a link of this process. Never changes.
  bool has_all_rights = false;  // Rules do not count for it.
  session::Session qos;
  base::TimerNode timer;  // While offline: will delay, then session expiry.
  Instant offline_since;
  uint32_t expiry_s = 0;
  std::unique_ptr<WillRecord> will;
};

// Views of the session.
inline Identity IdentityOf(const ClientSession& session) {
  return {.client_id = session.client_id,
          .username = session.owner ? *session.owner : std::string_view(),
          .anonymous = session.owner == nullptr,
          .has_all_rights = session.has_all_rights};
}

}  // namespace ringmq::broker
