// From the first byte to CONNACK: who may come in, on which core, with what agreed.
//
//   CONNECT --> well-formed? --> ours, or another core's? --> who is it? --> session --> CONNACK
//                                       |                        |
//                                  hand over               password check (another thread),
//                                                          AUTH exchange (5.0 s4.12)
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/core.h"
#include "broker/sessions.h"
#include "broker/wire.h"

namespace ringmq::broker {

class Gate {
 public:
  Gate(Core& core, Wire& wire, Sessions& sessions)
      : core_(core), wire_(wire), sessions_(sessions) {}

  enum class Step : uint8_t {
    kConsumed,  // The packet is dealt with; the connection may be open, waiting or closing.
    kKeep,      // Leave the packet where it is: it is read again, here or on another core.
  };
  // A CONNECT's body on a connection that awaits one.
  Step OnConnect(Connection& connection, codec::Bytes body);
  // AUTH, while the first exchange or a re-authentication is under way or begins.
  void OnAuth(Connection& connection, const codec::Auth& auth);

  // A connection from another core.
  void OnHandOff(std::unique_ptr<HandOff> parcel);
  void HandOver(Connection& connection);

  // Collects the verdicts of password checks. Once a turn.
  void CollectVerdicts();
  [[nodiscard]] bool idle() const { return checks_pending_ == 0; }

 private:
  [[nodiscard]] ReasonCode WhyUnwelcome(const Connection& connection,
                                        const codec::Connect& connect) const;
  [[nodiscard]] std::optional<std::string> PeerIdentity(const Connection& connection) const;
  struct Naming {
    std::string client_id{};
    bool assigned = false;  // By us: CONNECT has none.
    ReasonCode refused = ReasonCode::kSuccess;
  };
  [[nodiscard]] Naming NameClient(const Connection& connection, const codec::Connect& connect);
  enum class Identification : uint8_t { kVerified, kPending, kRefused };
  [[nodiscard]] Identification Identify(Connection& connection, const codec::Connect& connect,
                                        std::string_view client_id, std::string& username);
  void BeginExchange(Connection& connection, const codec::Connect& connect, codec::Bytes body,
                     std::string_view client_id);
  void ContinueExchange(Connection& connection, codec::Bytes data);
  [[nodiscard]] std::string_view MountOf(const Connection& connection) const;
  [[nodiscard]] ReasonCode CheckWill(const Connection& connection, const codec::Will& will,
                                     const Identity& who) const;
  // The will to keep, with its mounted topic, into `out` if there is one; or why there must not be.
  [[nodiscard]] ReasonCode TakeWill(const Connection& connection, const codec::Connect& connect,
                                    std::string_view client_id, std::string_view username,
                                    std::unique_ptr<WillRecord>& out) const;
  void Establish(Connection& connection, const codec::Connect& connect, std::string_view client_id,
                 bool assigned, std::string_view username, std::string_view authentication_data);
  void SendConnack(Connection& connection, const codec::Connect& connect,
                   const ClientSession& session, bool present, bool assigned,
                   std::string_view authentication_data);
  void SetUpLink(Connection& connection, const codec::Connect& connect);
  void AgreeKeepAlive(Connection& connection, uint16_t wanted_s);
  void Refuse(Connection& connection, ReasonCode reason, std::string_view client_id);
  [[nodiscard]] std::string AssignClientId();
  [[nodiscard]] static std::unique_ptr<WillRecord> MakeWill(const codec::Will& will);
  [[nodiscard]] uint32_t AgreeExpiry(const Connection& connection,
                                     const codec::Connect& connect) const;

  Core& core_;
  Wire& wire_;
  Sessions& sessions_;
  size_t checks_pending_ = 0;
  std::vector<AuthResult> verdicts_;
};

}  // namespace ringmq::broker
