// SPDX-License-Identifier: Apache-2.0
#include "client/scram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmq::client {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

// The example of RFC 7677 section 3.
TEST(Scram, SpeaksAsTheStandardsExampleDoes) {
  ScramSha256 scram("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(*scram.Start(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(*scram.Continue(kServerFirst),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(scram.Finish("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
}

TEST(Scram, RefusesAServerThatDoesNotKnowThePassword) {
  ScramSha256 scram("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  ASSERT_TRUE(scram.Start().ok());
  ASSERT_TRUE(scram.Continue(kServerFirst).ok());
  EXPECT_THAT(scram.Finish("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").error().detail(),
              HasSubstr("cannot prove"));
  // Without the exchange nothing proves anything.
  ASSERT_TRUE(scram.Start().ok());
  EXPECT_FALSE(scram.Finish("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
  EXPECT_FALSE(scram.Finish("").ok());
  EXPECT_THAT(scram.Finish("e=invalid-proof").error().detail(), HasSubstr("invalid-proof"));
}

TEST(Scram, RefusesWhatAnHonestServerDoesNotSay) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "malformed"},
      {"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "from our nonce"},
      {"r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "from our nonce"},
      {"r=abcd,s=!!!,i=4096", "not base64"},
      {"r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "iteration count of '1'"},
      {"r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999", "iteration count"},
      {"r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x", "iteration count"},
      {"r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==", "malformed"},
  };
  for (const auto& [message, why] : cases) {
    ScramSha256 scram("user", "pencil", "abc");
    ASSERT_TRUE(scram.Start().ok());
    const auto answer = scram.Continue(message);
    ASSERT_FALSE(answer.ok()) << message;
    EXPECT_THAT(answer.error().detail(), HasSubstr(why));
  }
}

TEST(Scram, EscapesNamesAndTakesANewNonceEachTime) {
  ScramSha256 scram("a,b=c", "x");
  const std::string first = *scram.Start();
  EXPECT_THAT(first, HasSubstr("n=a=2Cb=3Dc,r="));
  EXPECT_NE(first, *scram.Start());
}

}  // namespace
}  // namespace ringmq::client
