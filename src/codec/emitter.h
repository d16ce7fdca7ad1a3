// Shared by the encoders: the same code that writes a packet also computes its size.
//
// An encoder is a template over its output, which is a SizeEmitter (adds up) or a ByteEmitter
// (stores). So size and bytes cannot disagree; Encode() checks it all the same.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "codec/byte_reader.h"
#include "codec/byte_writer.h"
#include "codec/properties.h"
#include "codec/varint.h"

namespace ringmq::codec {

class SizeEmitter {
 public:
  void Byte(uint8_t) { size_bytes_ += 1; }
  void TwoByte(uint16_t) { size_bytes_ += 2; }
  void FourByte(uint32_t) { size_bytes_ += 4; }
  void VarintValue(uint32_t value) { size_bytes_ += VarintSizeBytes(value); }
  void Raw(Bytes bytes) { size_bytes_ += bytes.size(); }
  void Sized(Bytes bytes) { size_bytes_ += 2 + bytes.size(); }

  [[nodiscard]] size_t size_bytes() const { return size_bytes_; }

 private:
  size_t size_bytes_ = 0;
};

class ByteEmitter {
 public:
  explicit ByteEmitter(uint8_t* out) : out_(out) {}

  void Byte(uint8_t value) { *out_++ = value; }
  void TwoByte(uint16_t value) { out_ = StoreTwoByte(value, out_); }
  void FourByte(uint32_t value) { out_ = StoreFourByte(value, out_); }
  void VarintValue(uint32_t value) { out_ = EncodeVarint(value, out_); }
  void Raw(Bytes bytes) { out_ = StoreBytes(bytes, out_); }
  void Sized(Bytes bytes) { out_ = StoreSized(bytes, out_); }

  [[nodiscard]] uint8_t* position() const { return out_; }

 private:
  uint8_t* out_;
};

template <typename Out>
void EmitText(std::string_view text, Out& out) {
  out.Sized(AsBytes(text));
}

// --- Properties, each with its identifier.

template <typename Out>
void EmitByte(PropertyId id, uint8_t value, Out& out) {
  out.Byte(static_cast<uint8_t>(id));
  out.Byte(value);
}

template <typename Out>
void EmitTwoByte(PropertyId id, uint16_t value, Out& out) {
  out.Byte(static_cast<uint8_t>(id));
  out.TwoByte(value);
}

template <typename Out>
void EmitFourByte(PropertyId id, uint32_t value, Out& out) {
  out.Byte(static_cast<uint8_t>(id));
  out.FourByte(value);
}

template <typename Out>
void EmitSized(PropertyId id, Bytes value, Out& out) {
  out.Byte(static_cast<uint8_t>(id));
  out.Sized(value);
}

// Nothing for an empty string: its absence says the same.
template <typename Out>
void EmitTextIfAny(PropertyId id, std::string_view text, Out& out) {
  if (!text.empty()) EmitSized(id, AsBytes(text), out);
}

template <typename Out>
void EmitUserProperties(PropertyList list, Out& out) {
  PropertyReader reader(list);
  Property property;
  while (reader.Next(property)) {
    if (property.id == PropertyId::kUserProperty) out.Raw(property.encoded);
  }
}

template <typename Out>
void EmitForwardable(PropertyList list, Out& out) {
  ForEachForwardable(list.bytes, [&](Bytes property) { out.Raw(property); });
}

// A list with its length; `emit(out)` emits what is in it. [MQTT-2.2.2-1]
template <typename Emit, typename Out>
void EmitPropertyList(Emit emit, Out& out) {
  SizeEmitter size;
  emit(size);
  out.VarintValue(static_cast<uint32_t>(size.size_bytes()));
  emit(out);
}

// --- Whole packets; `emit(out)` emits the body.

template <typename Emit>
size_t PacketSizeBytes(Emit emit) {
  SizeEmitter body;
  emit(body);
  RMQ_CHECK(body.size_bytes() <= kVarintMax);
  const auto remaining = static_cast<uint32_t>(body.size_bytes());
  return 1 + VarintSizeBytes(remaining) + remaining;
}

template <typename Emit>
void EmitPacket(PacketType type, uint8_t flags, Emit emit, std::span<uint8_t> out) {
  SizeEmitter body;
  emit(body);
  RMQ_CHECK(body.size_bytes() <= kVarintMax);
  const auto remaining = static_cast<uint32_t>(body.size_bytes());
  RMQ_CHECK(out.size() == 1 + VarintSizeBytes(remaining) + remaining);
  ByteEmitter bytes(out.data());
  bytes.Byte(static_cast<uint8_t>(static_cast<uint8_t>(type) << 4 | flags));
  bytes.VarintValue(remaining);
  emit(bytes);
  RMQ_CHECK(bytes.position() == out.data() + out.size());
}

}  // namespace ringmq::codec
