// Reads the data types of 5.0 s1.5 from the front of bytes that are not trusted.
//
// Failure sticks: after the first read that does not fit or is ill-formed, every read gives zero
// or empty and failed() is true. So a decoder reads field after field and asks once. What fails
// here is always a Malformed Packet.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/packets.h"
#include "codec/utf8.h"
#include "codec/varint.h"

namespace ringmq::codec {

inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Returned views point into the input.
class ByteReader {
 public:
  explicit ByteReader(Bytes input) : next_(input.data()), end_(input.data() + input.size()) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - next_); }
  // True when everything was read and nothing failed.
  [[nodiscard]] bool done() const { return !failed_ && next_ == end_; }
  [[nodiscard]] const uint8_t* position() const { return next_; }

  uint8_t Byte() {
    if (left() < 1) return Fail();
    return *next_++;
  }

  uint16_t TwoByte() {
    if (left() < 2) return Fail();
    const auto value = static_cast<uint16_t>(next_[0] << 8 | next_[1]);
    next_ += 2;
    return value;
  }

  uint32_t FourByte() {
    if (left() < 4) return Fail();
    const uint32_t value = uint32_t{next_[0]} << 24 | uint32_t{next_[1]} << 16 |
                           uint32_t{next_[2]} << 8 | uint32_t{next_[3]};
    next_ += 4;
    return value;
  }

  uint32_t VarintValue() {
    const Varint varint = DecodeVarint(Bytes(next_, left()));
    if (varint.status != VarintStatus::kDone) return Fail();
    next_ += varint.size_bytes;
    return varint.value;
  }

  Bytes Take(size_t size_bytes) {
    if (left() < size_bytes) {
      Fail();
      return {};
    }
    const Bytes taken(next_, size_bytes);
    next_ += size_bytes;
    return taken;
  }

  Bytes TakeRest() { return Take(left()); }

  // 5.0 s1.5.6.
  Bytes Binary() { return Take(TwoByte()); }

  // 5.0 s1.5.4; checks the encoding. [MQTT-1.5.4-1]
  std::string_view Text() {
    const std::string_view text = AsText(Binary());
    if (!IsValidUtf8(text)) {
      Fail();
      return {};
    }
    return text;
  }

  uint8_t Fail() {
    failed_ = true;
    next_ = end_;
    return 0;
  }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
  bool failed_ = false;
};

}  // namespace ringmq::codec
