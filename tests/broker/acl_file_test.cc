// SPDX-License-Identifier: Apache-2.0
#include "broker/acl_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "broker/limits.h"
#include "broker/temporary_file.h"

namespace ringmq::broker {
namespace {

using ::testing::HasSubstr;

constexpr Identity kAnn = {.client_id = "c1", .username = "ann"};

constexpr std::string_view kSample =
    "# a comment\n"
    "topic read $SYS/#\r\n"
    "\n"
    "user ann smith\n"
    "  topic readwrite  with blanks/+ \n"
    "\ttopic\tdeny\tsecret/#\n"
    "topic plain\n"
    "pattern write $dev/%c/%u\n";

std::string ErrorOf(std::string_view text) {
  const auto policy = ParseAclFile("acl.txt", text);
  return policy.ok() ? "no error" : std::string(policy.status().message());
}

TEST(AclFile, ReadsEveryKindOfLine) {
  const auto policy = ParseAclFile("acl.txt", kSample);
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->rule_count(), 5u);
  const Identity ann = {.client_id = "c", .username = "ann smith"};
  EXPECT_TRUE(policy->MayPublish(ann, "with blanks/x"));
  EXPECT_TRUE(policy->MayPublish(ann, "plain"));
  EXPECT_FALSE(policy->MayPublish(ann, "secret/x"));
  EXPECT_TRUE(policy->MayReceive({.client_id = "c", .username = "", .anonymous = true}, "$SYS/x"));
}

TEST(AclFile, ErrorsNameFileLineExpectedAndFound) {
  EXPECT_EQ(ErrorOf("user ann\ntopics a\n"),
            "acl.txt:2: expected \"user\", \"topic\", \"pattern\" or a comment, found "
            "\"topics\"");
  EXPECT_EQ(ErrorOf("topic raed a/b\n"),
            "acl.txt:1: expected \"read\", \"write\", \"readwrite\" or \"deny\", found "
            "\"raed\"");
  EXPECT_EQ(ErrorOf("\n\npattern a/#/b"), "acl.txt:3: expected a topic filter, found \"a/#/b\"");
  EXPECT_EQ(ErrorOf("user\n"), "acl.txt:1: expected a user name behind \"user\", found \"\"");
  EXPECT_EQ(ErrorOf("topic deny\n"),
            "acl.txt:1: expected a topic filter behind \"deny\", found \"\"");
  EXPECT_THAT(ErrorOf("topic\n"), HasSubstr("acl.txt:1: expected a topic filter"));
  EXPECT_THAT(ErrorOf("topic read a+\n"), HasSubstr("acl.txt:1: expected a topic filter"));
}

TEST(AclFile, HostileLinesAreRefused) {
  EXPECT_THAT(ErrorOf(std::string_view("topic a\0b\n", 10)), HasSubstr("acl.txt:1"));
  EXPECT_THAT(ErrorOf(std::string(1, '\0')), HasSubstr("acl.txt:1"));
  EXPECT_THAT(ErrorOf("topic " + std::string(kTextLineBytesMax, 'a')), HasSubstr("acl.txt:1"));
  EXPECT_THAT(ErrorOf("topic read " + std::string(65'536, 'a')), HasSubstr("acl.txt:1"));
  EXPECT_THAT(ErrorOf("user " + std::string(65'536, 'a')), HasSubstr("acl.txt:1"));
  EXPECT_EQ(ErrorOf("topic read " + std::string(65'535, 'a')), "no error");
}

// Any bit flipped, any tail cut off: the file is refused or still grants nothing it never named.
TEST(AclFile, DamagedFilesNeverCrash) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged(kSample);
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    if (i % 4 == 0) damaged.resize(random() % damaged.size());
    const auto policy = ParseAclFile("acl.txt", damaged);
    if (!policy.ok()) {
      EXPECT_THAT(std::string(policy.status().message()), HasSubstr("acl.txt:"));
      continue;
    }
    EXPECT_FALSE(policy->AllowsEverything());
    EXPECT_FALSE(policy->MayPublish(kAnn, "elsewhere/entirely"));
    EXPECT_FALSE(policy->MayPublish(kAnn, "$SYS/x"));
  }
}

TEST(AclFile, LoadsFromDiskAndNamesWhatIsMissing) {
  const TemporaryFile file("user ann\ntopic a\n");
  const auto policy = LoadAclFile(file.path());
  ASSERT_TRUE(policy.ok());
  EXPECT_TRUE(policy->MayPublish(kAnn, "a"));
  EXPECT_THAT(std::string(LoadAclFile("/nonexistent").status().message()),
              HasSubstr("/nonexistent"));
}

}  // namespace
}  // namespace ringmq::broker
