// Validates text: eight bytes at once as long as it is ASCII, which topics mostly are.
//
// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringmq::base {
namespace {

constexpr uint64_t kLowBits = 0x0101'0101'0101'0101;
constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;

enum class Nul : bool { kForbidden, kAllowed };

constexpr bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Size of the character at the front of `text`, or zero when it is not well-formed. The second
// byte's narrower ranges exclude overlong forms, surrogates and what lies beyond U+10FFFF
// (Unicode 15, table 3-7).
size_t MultibyteSize(const uint8_t* text, size_t left) {
  const uint8_t lead = text[0];
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && IsContinuation(text[1]) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !IsContinuation(text[1]) || !IsContinuation(text[2])) return 0;
    if (lead == 0xe0 && text[1] < 0xa0) return 0;
    if (lead == 0xed && text[1] >= 0xa0) return 0;  // A surrogate. [MQTT-1.5.4-1]
    return 3;
  }
  if (lead > 0xf4 || left < 4) return 0;
  if (!IsContinuation(text[1]) || !IsContinuation(text[2]) || !IsContinuation(text[3])) return 0;
  if (lead == 0xf0 && text[1] < 0x90) return 0;
  if (lead == 0xf4 && text[1] >= 0x90) return 0;
  return 4;
}

template <Nul kNul>
bool IsValid(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  size_t i = 0;
  while (i < text.size()) {
    if (i + 8 <= text.size()) {
      uint64_t word;
      std::memcpy(&word, bytes + i, sizeof(word));
      uint64_t suspects = word & kHighBits;
      // Set for a zero byte, and possibly for bytes above the first zero: enough to look closer.
      if (kNul == Nul::kForbidden) suspects |= (word - kLowBits) & ~word & kHighBits;
      if (suspects == 0) {
        i += 8;
        continue;
      }
    }
    if (bytes[i] < 0x80) {
      if (kNul == Nul::kForbidden && bytes[i] == 0) return false;  // [MQTT-1.5.4-2]
      ++i;
      continue;
    }
    const size_t size = MultibyteSize(bytes + i, text.size() - i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

}  // namespace

bool IsValidUtf8(std::string_view text) { return IsValid<Nul::kForbidden>(text); }

bool IsValidUtf8Payload(std::string_view text) { return IsValid<Nul::kAllowed>(text); }

}  // namespace ringmq::base
