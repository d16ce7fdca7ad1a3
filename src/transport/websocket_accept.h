// The proof that a server has understood a WebSocket handshake. RFC 6455 s4.2.2.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringmq::transport {

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
[[nodiscard]] std::string WebSocketAccept(std::string_view key);

// Sec-WebSocket-Key from 16 random bytes.
[[nodiscard]] std::string WebSocketKey(const std::array<uint8_t, 16>& random);

}  // namespace ringmq::transport
