// For whom a PROXY header speaks: ProxyProtocolOptions::source.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ip_address.h"

namespace ringmq::client {

struct ProxySource {
  base::IpAddress address;
  uint16_t port = 0;
};

// "192.0.2.7:50000" or "[2001:db8::7]:50000"; none: it is neither.
[[nodiscard]] std::optional<ProxySource> ParseProxySource(std::string_view text);

}  // namespace ringmq::client
