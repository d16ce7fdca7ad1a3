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

// The user of this machine at the other end of a Unix socket; none: nobody knows.
using UnixUserOf = std::function<std::optional<std::string>(int fd)>;

}  // namespace ringmq::broker
