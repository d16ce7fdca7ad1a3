// The life of sessions on their home core: opened by CONNECT, taken over, left behind, expired;
// and the wills that go with them.
//
//            Open                 Detach, expiry > 0
//   (none) --------> connected ----------------------> offline --expiry or clean start--> (none)
//                       ^                                 |
//                       +------- Open, clean start 0 -----+
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "broker/core.h"
#include "broker/dispatcher.h"
#include "broker/wire.h"

namespace ringmq::broker {

class Interests;

class Sessions {
 public:
  Sessions(Core& core, Wire& wire, Dispatcher& dispatcher, Interests& interests)
      : core_(core), wire_(wire), dispatcher_(dispatcher), interests_(interests) {}

  struct Request {
    std::string_view client_id;
    std::string_view username;  // Verified; empty: anonymous.
    std::string_view mount;     // Outlives the session.
    bool clean_start = true;
    bool local = false;  // Through a pipe.
    bool has_all_rights = false;
    uint32_t expiry_s = 0;
    std::unique_ptr<WillRecord> will;
  };
  struct Opened {
    ClientSession* session = nullptr;  // Null: it belongs to somebody else.
    bool present = false;              // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
  };
  // Binds `connection` to the session, taking it over from another connection if need be.
  // [MQTT-3.1.4-3] [MQTT-3.1.2-4] [MQTT-3.1.2-5]
  Opened Open(Connection& connection, Request request);

  // The client took something: a member that shared groups skipped may be full no more.
  void NoteDrained(ClientSession& session);

  // The connection is gone, for whatever reason. [MQTT-3.1.2-8]
  void Detach(Connection& connection);

  // Will delay or session expiry of an offline session.
  void OnTimer(ClientSession& session);

  // The rights have changed: forgets queued messages that their clients may no longer read.
  void DropUnreadable();

  [[nodiscard]] ClientSession* Find(std::string_view client_id);
  void Audit() const;

 private:
  [[nodiscard]] ClientSession& Create(const Request& request);
  void TakeOver(ClientSession& session, bool clean_start);
  void Leave(ClientSession& session);
  void End(ClientSession& session);
  void SendWill(ClientSession& session);
  void ArmTimer(ClientSession& session);
  void RedispatchShared(ClientSession& session);

  Core& core_;
  Wire& wire_;
  Dispatcher& dispatcher_;
  Interests& interests_;
  // Keys are views of ClientSession::client_id.
  absl::flat_hash_map<std::string_view, base::Handle<ClientSession>> by_client_id_;
};

}  // namespace ringmq::broker
