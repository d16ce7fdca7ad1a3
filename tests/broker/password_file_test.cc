// SPDX-License-Identifier: Apache-2.0
#include "broker/password_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "broker/limits.h"
#include "broker/temporary_file.h"

namespace ringmq::broker {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string HashOf(std::string_view password) {
  return PasswordHash::Make(password, "salt", 2)->ToString();
}

std::string ErrorOf(std::string_view text) {
  PasswordTable table;
  const absl::Status status = ParsePasswordFile("pw", text, table);
  return status.ok() ? "no error" : std::string(status.message());
}

TEST(PasswordFile, ReadsUsersAndComments) {
  PasswordTable table;
  const std::string text =
      "# users\r\nann:" + HashOf("a") + "\r\n bob b. :" + HashOf("b") + "\n#:x\ncid:" + HashOf("");
  ASSERT_TRUE(ParsePasswordFile("pw", text, table).ok());
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.Matches("ann", "a"));
  EXPECT_TRUE(table.Matches("bob b.", "b"));
  EXPECT_TRUE(table.Matches("cid", ""));
  EXPECT_FALSE(table.Matches("ann", "b"));
}

TEST(PasswordFile, UnknownUsersNeverMatchWhateverTheirDecoyHolds) {
  PasswordTable table;
  ASSERT_TRUE(ParsePasswordFile("pw", "ann:" + HashOf("a"), table).ok());
  EXPECT_FALSE(table.Matches("eve", "a"));  // Checked against ann's hash, which it matches.
  EXPECT_FALSE(table.Matches("", "a"));
  EXPECT_FALSE(PasswordTable().Matches("ann", "a"));
}

TEST(PasswordFile, MalformedLinesFailTheFileWithTheirNumberAndWithoutTheirSecrets) {
  const std::string good = "ann:" + HashOf("a") + "\n";
  EXPECT_EQ(ErrorOf(good + "\n"), "pw:2: expected \"user:hash\", found a blank line");
  EXPECT_EQ(ErrorOf("\n" + good), "pw:1: expected \"user:hash\", found a blank line");
  EXPECT_EQ(ErrorOf(good + "bob\n"), "pw:2: expected \"user:hash\", found no \":\"");
  EXPECT_THAT(ErrorOf(good + ":" + HashOf("x")), HasSubstr("pw:2: expected a user name"));
  EXPECT_THAT(ErrorOf(good + "bob:secret\n"),
              AllOf(HasSubstr("pw:2: expected a hash"), Not(HasSubstr("secret"))));
  EXPECT_THAT(ErrorOf(good + "bob:\n"), HasSubstr("pw:2: expected a hash"));
  EXPECT_THAT(ErrorOf(good + good), HasSubstr("pw:2: expected each user once, found \"ann\""));
  EXPECT_THAT(ErrorOf("bob:" + HashOf("b") + " x"), HasSubstr("pw:1: expected a hash"));
}

TEST(PasswordFile, HostileLinesAreRefused) {
  EXPECT_THAT(ErrorOf(std::string(1, '\0')), HasSubstr("pw:1"));
  EXPECT_THAT(ErrorOf(std::string("a\0b:", 4) + HashOf("x")), HasSubstr("pw:1: expected text"));
  EXPECT_THAT(ErrorOf("a\tb:" + HashOf("x")), HasSubstr("pw:1: expected text"));
  EXPECT_THAT(ErrorOf(std::string(kTextLineBytesMax + 1, 'a')), HasSubstr("pw:1: expected at"));
  EXPECT_THAT(ErrorOf(std::string(65'536, 'a') + ":" + HashOf("x")), HasSubstr("a user name of"));
  EXPECT_EQ(ErrorOf(std::string(65'535, 'a') + ":" + HashOf("x")), "no error");
}

// Cut at any byte: only cuts at a line's end leave a legal file.
TEST(PasswordFile, TruncatedFilesAreRefused) {
  const std::string text = "ann:" + HashOf("a") + "\nbob:" + HashOf("b") + "\n";
  const size_t line_end = text.find('\n');
  for (size_t size = 1; size < text.size() - 1; ++size) {
    const bool is_whole = size == line_end || size == line_end + 1;
    EXPECT_EQ(ErrorOf(text.substr(0, size)) == "no error", is_whole) << size;
  }
}

TEST(PasswordFile, DamagedFilesNeverCrash) {
  const std::string text = "ann:" + HashOf("a") + "\nbob:" + HashOf("b") + "\n";
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    std::string damaged = text;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    EXPECT_THAT(ErrorOf(damaged), testing::AnyOf("no error", HasSubstr("pw:")));
  }
}

TEST(LoadPasswords, JoinsConfigurationAndFile) {
  const TemporaryFile file("bob:" + HashOf("b") + "\n");
  Config config;
  config.users = {{.name = "ann", .password_hash = HashOf("a"), .password = ""},
                  {.name = "cid", .password_hash = "", .password = "c"}};
  config.auth.password_file = file.path();
  const auto loaded = LoadPasswords(config);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_TRUE(loaded->table.Matches("ann", "a"));
  EXPECT_TRUE(loaded->table.Matches("bob", "b"));
  EXPECT_TRUE(loaded->table.Matches("cid", "c"));
  config.users[0].name = "bob";
  EXPECT_THAT(std::string(LoadPasswords(config).status().message()), HasSubstr("bob"));
}

TEST(LoadPasswords, WarnsOfFilesThatEverybodyReadsAndOfEmptyOnes) {
  const TemporaryFile file("", 0644);
  Config config;
  config.auth.password_file = file.path();
  const auto loaded = LoadPasswords(config);
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(loaded->warnings,
              testing::ElementsAre(HasSubstr("chmod 0640"), HasSubstr("has no users")));
  EXPECT_TRUE(loaded->table.empty());
}

// Differential, against the real tool where it is installed.
TEST(LoadPasswords, ReadsWhatMosquittoPasswdWrites) {
  if (std::system("command -v mosquitto_passwd >/dev/null") != 0) GTEST_SKIP();
  for (const std::string kind : {"sha512", "sha512-pbkdf2"}) {
    const TemporaryFile file("");
    const std::string command = "mosquitto_passwd -H " + kind + " -b " + file.path();
    for (const char* user : {" ann 'it is: a $6$ p\u00e4ss'", " 'bob b' x"}) {
      ASSERT_EQ(std::system((command + user + " 2>/dev/null").c_str()), 0);
    }
    Config config;
    config.auth.password_file = file.path();
    const auto loaded = LoadPasswords(config);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_TRUE(loaded->table.Matches("ann", "it is: a $6$ p\u00e4ss"));
    EXPECT_TRUE(loaded->table.Matches("bob b", "x"));
    EXPECT_FALSE(loaded->table.Matches("ann", "x"));
  }
}

}  // namespace
}  // namespace ringmq::broker
