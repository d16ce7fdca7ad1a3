// The few MQTT 3.1.1 packets that a load needs, made and read without any of ringmq's own code: the
// generator is also a check of it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringmq::load {

inline void AppendU16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

inline void AppendText(std::string& out, std::string_view text) {
  AppendU16(out, text.size());
  out += text;
}

inline std::string Frame(uint8_t first, std::string_view body) {
  std::string out(1, static_cast<char>(first));
  size_t left = body.size();
  do {
    out += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>= 7;
  } while (left > 0);
  out += body;
  return out;
}

inline std::string ConnectPacket(std::string_view client_id, bool clean) {
  std::string body;
  AppendText(body, "MQTT");
  body += '\x04';
  body += clean ? '\x02' : '\x00';
  AppendU16(body, 0);  // No keep alive: an idle load sends nothing.
  AppendText(body, client_id);
  return Frame(0x10, body);
}

inline std::string SubscribePacket(uint16_t id, std::string_view filter, int qos) {
  std::string body;
  AppendU16(body, id);
  AppendText(body, filter);
  body += static_cast<char>(qos);
  return Frame(0x82, body);
}

// With packet identifier 0 where the QoS has one: the sender patches it at `id_offset`.
struct PublishTemplate {
  std::string frame;
  size_t id_offset = 0;  // Zero: none.
  size_t payload_offset = 0;
};

inline PublishTemplate PublishPacket(std::string_view topic, size_t payload_bytes, int qos,
                                     bool retain) {
  std::string body;
  AppendText(body, topic);
  const size_t id_at = body.size();
  if (qos > 0) AppendU16(body, 0);
  const size_t payload_at = body.size();
  body.append(payload_bytes, 'x');
  PublishTemplate made;
  made.frame = Frame(static_cast<uint8_t>(0x30 | qos << 1 | (retain ? 1 : 0)), body);
  const size_t head = made.frame.size() - body.size();
  made.id_offset = qos > 0 ? head + id_at : 0;
  made.payload_offset = head + payload_at;
  return made;
}

struct Packet {
  uint8_t type = 0;  // The first byte's upper half; zero: not complete yet.
  uint8_t flags = 0;
  size_t size_bytes = 0;
  size_t body_offset = 0;
};

inline Packet ReadPacket(const uint8_t* data, size_t size_bytes) {
  size_t length = 0;
  for (size_t i = 1; i < size_bytes && i < 5; ++i) {
    length |= static_cast<size_t>(data[i] & 0x7f) << (7 * (i - 1));
    if (data[i] & 0x80) continue;
    if (i + 1 + length > size_bytes) return {};
    return {static_cast<uint8_t>(data[0] >> 4), static_cast<uint8_t>(data[0] & 15), i + 1 + length,
            i + 1};
  }
  return {};
}

}  // namespace ringmq::load
