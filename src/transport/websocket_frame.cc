// SPDX-License-Identifier: Apache-2.0
#include "transport/websocket_frame.h"

#include <cstring>

namespace ringmq::transport {
namespace {

bool IsKnown(uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

WebSocketHeaderParse Malformed(std::string_view complaint) {
  return {.status = WebSocketHeaderParse::kMalformed, .header = {}, .complaint = complaint};
}

uint64_t ReadBigEndian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

WebSocketHeaderParse ParseWebSocketHeader(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  // What is wrong is refused with the byte that shows it.
  if ((bytes[0] & 0x70) != 0) return Malformed("reserved bits are set");
  const uint8_t opcode = bytes[0] & 0x0f;
  if (!IsKnown(opcode)) return Malformed("reserved opcode");
  WebSocketHeaderParse parse;
  WebSocketHeader& header = parse.header;
  header.opcode = static_cast<WebSocketOpcode>(opcode);
  header.fin = (bytes[0] & 0x80) != 0;
  if (header.is_control() && !header.fin) return Malformed("control frame in pieces");
  if (bytes.size() < 2) return {};
  header.masked = (bytes[1] & 0x80) != 0;
  const uint8_t length = bytes[1] & 0x7f;
  if (header.is_control() && length > kWebSocketControlBytesMax) {
    return Malformed("control frame is too long");
  }
  const size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
  header.size_bytes = 2 + length_bytes + (header.masked ? 4 : 0);
  if (bytes.size() < 2 + length_bytes) return {};
  header.payload_bytes = length_bytes == 0 ? length : ReadBigEndian(bytes.subspan(2, length_bytes));
  const uint64_t least = length_bytes == 8 ? 0x10000 : length_bytes == 2 ? 126 : 0;
  if (header.payload_bytes < least) return Malformed("length is not as short as can be");
  if (header.payload_bytes >> 63 != 0) return Malformed("length beyond 63 bits");
  if (bytes.size() < header.size_bytes) return {};
  if (header.masked) {
    std::memcpy(header.mask.data(), &bytes[header.size_bytes - 4], header.mask.size());
  }
  parse.status = WebSocketHeaderParse::kHeader;
  return parse;
}

void AppendWebSocketFrame(WebSocketOpcode opcode, std::span<const uint8_t> payload,
                          const std::optional<WebSocketMask>& mask, ByteSink& out) {
  const size_t size = payload.size();
  const size_t length_bytes = size > 0xffff ? 8 : size > 125 ? 2 : 0;
  const size_t header_bytes = 2 + length_bytes + (mask.has_value() ? 4 : 0);
  uint8_t* at = out.Append(header_bytes + size);
  const uint8_t length = length_bytes == 8   ? 127
                         : length_bytes == 2 ? 126
                                             : static_cast<uint8_t>(size);
  *at++ = static_cast<uint8_t>(0x80 | static_cast<uint8_t>(opcode));
  *at++ = static_cast<uint8_t>((mask.has_value() ? 0x80 : 0) | length);
  for (size_t i = length_bytes; i-- > 0;) *at++ = static_cast<uint8_t>(size >> (8 * i));
  if (!mask.has_value()) {
    if (size > 0) std::memcpy(at, payload.data(), size);
    return;
  }
  std::memcpy(at, mask->data(), mask->size());
  ApplyWebSocketMask(payload, *mask, 0, at + mask->size());
}

void ApplyWebSocketMask(std::span<const uint8_t> in, const WebSocketMask& mask, uint64_t phase,
                        uint8_t* out) {
  std::array<uint8_t, 8> wide{};
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = mask[(phase + i) % 4];
  uint64_t key = 0;
  std::memcpy(&key, wide.data(), sizeof(key));
  size_t at = 0;
  // Eight bytes at a time, at any alignment; compilers make wider steps of it.
  for (; at + sizeof(key) <= in.size(); at += sizeof(key)) {
    uint64_t word = 0;
    std::memcpy(&word, &in[at], sizeof(word));
    word ^= key;
    std::memcpy(out + at, &word, sizeof(word));
  }
  for (; at < in.size(); ++at) out[at] = in[at] ^ wide[at % 4];
}

bool IsWebSocketCloseCode(uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace ringmq::transport
