// Who a peer has proved to be by its transport, before it says anything: a certificate, a
// pre-shared key.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "broker/config.h"
#include "transport/peer_facts.h"

namespace ringmq::broker {

// None: it has proved nothing of this kind. Empty: it has, but there is no name in it that an MQTT
// string can hold. Requires: `source` is neither kNone nor kUnixUser.
[[nodiscard]] std::optional<std::string> IdentityOf(const transport::PeerFacts& facts,
                                                    IdentitySource source);

// For whom a trusted proxy says that it speaks: "192.0.2.7:5000", an address without a port, or a
// path; empty: nobody but the peer itself.
[[nodiscard]] std::string AnnouncedPeer(const transport::PeerFacts& facts);

// What a shard cannot find out itself, since it makes no system call. Null: nobody can.
struct SocketLookup {
  // The user of this machine at the other end of a Unix socket; none: nobody knows.
  std::function<std::optional<std::string>(int fd)> user;
  // "192.0.2.7:5000"; empty: it has none, or has gone.
  std::function<std::string(int fd)> address;
};

}  // namespace ringmq::broker
