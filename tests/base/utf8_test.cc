// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ringmq::base {
namespace {

// The definition in the plainest words: decode the bits, then ask. Knows nothing of tables.
bool NaiveIsValid(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t size = lead < 0x80             ? 1
                        : (lead & 0xe0) == 0xc0 ? 2
                        : (lead & 0xf0) == 0xe0 ? 3
                        : (lead & 0xf8) == 0xf0 ? 4
                                                : 0;
    if (size == 0 || i + size > text.size()) return false;
    uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (size_t k = 1; k < size; ++k) {
      const auto byte = static_cast<uint8_t>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10ffff || point == 0) return false;
    if (point >= 0xd800 && point <= 0xdfff) return false;
    i += size;
  }
  return true;
}

// Every sequence of three bytes. [MQTT-1.5.4-1] [MQTT-1.5.4-2]
TEST(Utf8, AgreesWithTheDefinitionOnEverythingShort) {
  std::string text(3, '\0');
  int valid = 0;
  for (uint32_t bits = 0; bits < 1u << 24; ++bits) {
    text[0] = static_cast<char>(bits >> 16);
    text[1] = static_cast<char>(bits >> 8);
    text[2] = static_cast<char>(bits);
    const bool expected = NaiveIsValid(text);
    valid += expected;
    if (IsValidUtf8(text) != expected) FAIL() << bits;
  }
  EXPECT_GT(valid, 2'000'000);
}

// Four-byte characters: every lead and second byte, edges of the others.
TEST(Utf8, AgreesWithTheDefinitionOnFourBytes) {
  for (uint32_t bits = 0; bits < 1u << 16; ++bits) {
    for (const char third : {'\x7f', '\x80', '\xbf', '\xc0'}) {
      for (const char fourth : {'\x7f', '\x80', '\xbf', '\xc0'}) {
        const std::string text{static_cast<char>(bits >> 8), static_cast<char>(bits), third,
                               fourth};
        ASSERT_EQ(IsValidUtf8(text), NaiveIsValid(text)) << bits;
      }
    }
  }
}

// A bad byte at every place of texts around the width that is read at once.
TEST(Utf8, FindsABadByteAnywhere) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      EXPECT_TRUE(IsValidUtf8(text));
      for (const char bad : {'\0', '\x80', '\xff', '\xed'}) {
        text[at] = bad;
        EXPECT_FALSE(IsValidUtf8(text)) << size << ' ' << at;
      }
      text[at] = '\x01';  // Next to a zero for the arithmetic, and legal.
      EXPECT_TRUE(IsValidUtf8(text));
    }
  }
}

// U+FEFF stays a character wherever it stands. [MQTT-1.5.4-3]
TEST(Utf8, AcceptsTheByteOrderMark) {
  EXPECT_TRUE(
      IsValidUtf8("a\xef\xbb\xbf"
                  "b\xef\xbb\xbf"));
}

TEST(Utf8, AllowsNulInPayloadsOnly) {
  EXPECT_FALSE(IsValidUtf8(std::string_view("a\0b", 3)));
  EXPECT_TRUE(IsValidUtf8Payload(std::string_view("a\0b12345678", 11)));
  EXPECT_FALSE(IsValidUtf8Payload("\xff"));
}

}  // namespace
}  // namespace ringmq::base
