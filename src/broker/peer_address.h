// Who is at the other end of a descriptor.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ringmq::broker {

// "127.0.0.1:5000", "[::1]:5000"; empty if there is no peer or it has gone.
[[nodiscard]] std::string PeerAddressOf(int fd);

}  // namespace ringmq::broker
