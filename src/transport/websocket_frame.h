// Frames of WebSocket. RFC 6455 s5.2.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "transport/layer.h"

namespace ringmq::transport {

enum class WebSocketOpcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

// RFC 6455 s7.4.1.
enum class WebSocketClose : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kInvalidData = 1007,
  kPolicyViolation = 1008,
};

using WebSocketMask = std::array<uint8_t, 4>;

struct WebSocketHeader {
  WebSocketOpcode opcode = WebSocketOpcode::kBinary;
  bool fin = true;
  bool masked = false;
  WebSocketMask mask{};
  uint64_t payload_bytes = 0;
  size_t size_bytes = 0;  // Of the header itself.

  [[nodiscard]] bool is_control() const { return static_cast<uint8_t>(opcode) >= 8; }
};

inline constexpr size_t kWebSocketHeaderBytesMax = 14;
inline constexpr size_t kWebSocketControlBytesMax = 125;

struct WebSocketHeaderParse {
  enum Status : uint8_t { kNeedMore, kHeader, kMalformed };
  Status status = kNeedMore;
  WebSocketHeader header;        // kHeader
  std::string_view complaint{};  // kMalformed; lives for ever.
};

// Refuses reserved bits and opcodes, lengths that are not as short as can be or beyond 63 bits, and
// control frames that are long or in pieces.
[[nodiscard]] WebSocketHeaderParse ParseWebSocketHeader(std::span<const uint8_t> bytes);

// A frame that is whole, masked if there is a mask.
void AppendWebSocketFrame(WebSocketOpcode opcode, std::span<const uint8_t> payload,
                          const std::optional<WebSocketMask>& mask, ByteSink& out);

// Masks or unmasks: out[i] = in[i] ^ mask[(phase + i) % 4]. The two may be the same memory, and
// must not overlap otherwise.
void ApplyWebSocketMask(std::span<const uint8_t> in, const WebSocketMask& mask, uint64_t phase,
                        uint8_t* out);

// Whether a peer may send this code in a Close frame. RFC 6455 s7.4.
[[nodiscard]] bool IsWebSocketCloseCode(uint16_t code);

}  // namespace ringmq::transport
