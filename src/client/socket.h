// Sockets with the options that the user asked for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/resolver.h"
#include "ringmq/options.h"

namespace ringmq::client {

// A non-blocking socket for connecting to `address`. An error names the option that was refused.
[[nodiscard]] Expected<int> OpenSocket(const Address& address, const SocketOptions& options);

// Of IPv4 or IPv6, without a port or zone.
[[nodiscard]] bool IsAddress(const std::string& text);

}  // namespace ringmq::client
