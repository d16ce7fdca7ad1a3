// SPDX-License-Identifier: Apache-2.0
#include "broker/password_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace ringmq::broker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Written by mosquitto_passwd 2.0.11.
constexpr std::string_view kSha512OfSecret =
    "$6$F2Fe0pZVINGCqk6V$ykdjRBDXrWSLTXpR/yp8Zj+mI+kqQPpt92"
    "yRpSUjZ9YqB961/bcY93Xw23B8nM5NQgCKkfU0kvP3d4nW3GLT5A==";
constexpr std::string_view kPbkdf2OfSecret =
    "$7$101$SecCKGSkiG9BhPys$Veul1N9JgNzFOkTCQgtNfI/O9FgflOAP"
    "gVF0sInBRuDeWrnQEngIA2aYElU5gtKh0wHJkjgOqYoyvSP28tYb4A==";
constexpr std::string_view kPbkdf2OfOdd =
    "$7$101$IHLWT8dgAwjI7c1F$79TyfV+RsfsHcD7dLOzXv+49HBEpgkRe"
    "4hvBXcf0pgbza8UBIn3SmjWb+bB0ksvIWDyp+6j+sU6oP7qKUhqg5w==";

bool Matches(std::string_view hash, std::string_view password) {
  const auto parsed = PasswordHash::Parse(hash);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() && parsed->Matches(password);
}

TEST(PasswordHash, AgreesWithMosquitto) {
  EXPECT_TRUE(Matches(kSha512OfSecret, "secret"));
  EXPECT_TRUE(Matches(kPbkdf2OfSecret, "secret"));
  EXPECT_TRUE(Matches(kPbkdf2OfOdd, "p\u00e4:s $7$ s"));
}

TEST(PasswordHash, RefusesEveryOtherPassword) {
  for (const std::string_view hash : {kSha512OfSecret, kPbkdf2OfSecret}) {
    for (const char* wrong : {"", "secre", "secret ", "Secret", "secrett"}) {
      EXPECT_FALSE(Matches(hash, wrong)) << wrong;
    }
    EXPECT_FALSE(Matches(hash, std::string_view()));
    EXPECT_FALSE(Matches(hash, std::string(65'535, 'x')));
  }
}

// HMAC fills a short key up with zero bytes, so PBKDF2 cannot tell; Mosquitto's neither. To use
// it one has to know the password.
TEST(PasswordHash, TrailingZeroBytesCountForSha512Only) {
  EXPECT_FALSE(Matches(kSha512OfSecret, std::string_view("secret\0", 7)));
  EXPECT_TRUE(Matches(kPbkdf2OfSecret, std::string_view("secret\0", 7)));
}

TEST(PasswordHash, WritesWhatItRead) {
  for (const std::string_view hash : {kSha512OfSecret, kPbkdf2OfSecret}) {
    EXPECT_EQ(PasswordHash::Parse(hash)->ToString(), hash);
  }
}

TEST(PasswordHash, MakesHashesThatMatch) {
  for (const std::string_view password :
       {std::string_view("x"), std::string_view(), std::string_view("\0\0", 2)}) {
    const auto hash = PasswordHash::Make(password, "saltsaltsalt", 3);
    ASSERT_TRUE(hash.ok());
    EXPECT_TRUE(hash->Matches(password));
    EXPECT_FALSE(hash->Matches("y"));
    EXPECT_TRUE(Matches(hash->ToString(), password));
  }
}

TEST(PasswordHash, SaltsDiffer) {
  const auto one = RandomSalt();
  const auto two = RandomSalt();
  ASSERT_TRUE(one.ok());
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(one->size(), 12u);
  EXPECT_NE(*one, *two);
}

std::string Digest() { return std::string(PasswordHash::Parse(kPbkdf2OfSecret)->ToString()); }

TEST(PasswordHash, MalformedTextIsRefusedAndNotRepeated) {
  const std::string good = Digest();
  const std::string tail = good.substr(good.rfind('$'));  // "$DIGEST"
  const std::string bad[] = {
      "",
      "$",
      "$$",
      "secret",
      "$5$c2FsdA==" + tail,
      "$77$1$c2FsdA==" + tail,
      "6$c2FsdA==" + tail,
      "$6$" + tail,
      "$6$c2FsdA==",
      "$6$c2FsdA==$",
      "$6$c2FsdA" + tail,     // No padding.
      "$6$c2Fs dA==" + tail,  // A blank inside.
      "$6$c2FsdB==" + tail,   // Bits behind the end.
      "$6$c2FsdA==" + tail + "$",
      "$6$c2FsdA==" + tail.substr(0, tail.size() - 4),
      "$6$" + std::string(88, 'A') + tail,  // 66 bytes of salt.
      "$7$$c2FsdA==" + tail,
      "$7$0$c2FsdA==" + tail,
      "$7$-1$c2FsdA==" + tail,
      "$7$+1$c2FsdA==" + tail,
      "$7$ 1$c2FsdA==" + tail,
      "$7$1x$c2FsdA==" + tail,
      "$7$10000001$c2FsdA==" + tail,
      "$7$99999999999999999999$c2FsdA==" + tail,
      "$7$c2FsdA==" + tail,
  };
  for (const std::string& text : bad) {
    const auto hash = PasswordHash::Parse(text);
    EXPECT_FALSE(hash.ok()) << text;
    EXPECT_THAT(std::string(hash.status().message()), Not(HasSubstr("c2FsdA"))) << text;
  }
  EXPECT_TRUE(PasswordHash::Parse("$6$c2FsdA==" + tail).ok());
}

TEST(PasswordHash, DamagedHashesAreRefusedOrMatchNothing) {
  std::mt19937 random(1);
  for (int i = 0; i < 5'000; ++i) {
    std::string damaged(i % 2 == 0 ? kSha512OfSecret : kPbkdf2OfSecret);
    // Not the iterations: a flipped bit there may ask for a minute of work, legally.
    const size_t first = i % 2 == 0 ? 0 : 7;
    damaged[first + random() % (damaged.size() - first)] ^= static_cast<char>(1 << random() % 8);
    const auto hash = PasswordHash::Parse(damaged);
    if (hash.ok()) {
      EXPECT_FALSE(hash->Matches("secret")) << damaged;
    }
  }
}

TEST(PasswordHash, EveryTruncationIsRefused) {
  for (size_t size = 0; size < kPbkdf2OfSecret.size(); ++size) {
    EXPECT_FALSE(PasswordHash::Parse(kPbkdf2OfSecret.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace ringmq::broker
