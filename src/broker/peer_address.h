// Who is at the other end of a descriptor.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/ip_address.h"

namespace ringmq::broker {

// "127.0.0.1:5000", "[::1]:5000"; empty if there is no peer or it has gone.
[[nodiscard]] std::string PeerAddressOf(int fd);
// Its IP address; none: it has none, as behind a Unix socket, or has gone.
[[nodiscard]] std::optional<base::IpAddress> PeerIpOf(int fd);
// Whether it is behind a Unix socket; also when it has gone.
[[nodiscard]] bool IsUnixSocket(int fd);

}  // namespace ringmq::broker
