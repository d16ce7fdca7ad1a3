// SPDX-License-Identifier: Apache-2.0
#include "broker/acl.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/acl_file.h"
#include "broker/limits.h"

namespace ringmq::broker {
namespace {

constexpr Identity kAnn = {.client_id = "c1", .username = "ann"};
constexpr Identity kBob = {.client_id = "c2", .username = "bob"};
constexpr Identity kNobody = {.client_id = "c3", .username = "", .anonymous = true};

AccessPolicy Policy(std::string_view text) {
  auto policy = ParseAclFile("acl", text);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *std::move(policy) : AccessPolicy::DenyEverything();
}

TEST(AccessPolicy, WithoutAFileEverythingButWritingSysIsAllowed) {
  const AccessPolicy policy = AccessPolicy::AllowEverything();
  EXPECT_TRUE(policy.AllowsEverything());
  EXPECT_TRUE(policy.MayPublish(kNobody, "a/b"));
  EXPECT_TRUE(policy.MaySubscribe(kNobody, "#"));
  EXPECT_TRUE(policy.MaySubscribe(kNobody, "$SYS/#"));
  EXPECT_TRUE(policy.MayReceive(kNobody, "$SYS/broker/uptime"));
  EXPECT_FALSE(policy.MayPublish(kNobody, "$SYS/broker/uptime"));
  EXPECT_FALSE(policy.MayPublish(kNobody, "$SYS"));
  EXPECT_TRUE(policy.MayPublish(kNobody, "$SYSTEM"));
}

TEST(AccessPolicy, AnEmptyFileDeniesEverything) {
  for (const char* text : {"", "\n\n", "# nothing\n", "user ann\n"}) {
    const AccessPolicy policy = Policy(text);
    EXPECT_FALSE(policy.AllowsEverything());
    for (const Identity& who : {kAnn, kNobody}) {
      EXPECT_FALSE(policy.MayPublish(who, "a"));
      EXPECT_FALSE(policy.MaySubscribe(who, "#"));
      EXPECT_FALSE(policy.MayReceive(who, "a"));
    }
  }
}

TEST(AccessPolicy, RulesBelongToTheirUser) {
  const AccessPolicy policy = Policy(
      "topic read public/#\nuser ann\ntopic write in/ann\ntopic read out/ann\nuser bob\n"
      "topic both/bob\n");
  EXPECT_TRUE(policy.MayReceive(kNobody, "public/x"));
  EXPECT_FALSE(policy.MayPublish(kNobody, "public/x"));
  EXPECT_FALSE(policy.MayReceive(kAnn, "public/x"));  // Of anonymous clients only.
  EXPECT_TRUE(policy.MayPublish(kAnn, "in/ann"));
  EXPECT_FALSE(policy.MayReceive(kAnn, "in/ann"));
  EXPECT_TRUE(policy.MayReceive(kAnn, "out/ann"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "out/ann"));
  EXPECT_TRUE(policy.MayPublish(kBob, "both/bob"));
  EXPECT_TRUE(policy.MayReceive(kBob, "both/bob"));
  EXPECT_FALSE(policy.MayPublish(kBob, "in/ann"));
  EXPECT_FALSE(policy.MayPublish({.client_id = "c", .username = "eve"}, "both/bob"));
}

TEST(AccessPolicy, AnonymousIsNotAUserWithAnEmptyName) {
  const AccessPolicy policy = Policy("topic a\n");
  EXPECT_TRUE(policy.MayPublish(kNobody, "a"));
  EXPECT_FALSE(policy.MayPublish({.client_id = "c", .username = ""}, "a"));
}

TEST(AccessPolicy, SectionsOfOneUserAddUp) {
  const AccessPolicy policy = Policy("user ann\ntopic a\nuser bob\ntopic b\nuser ann\ntopic c\n");
  EXPECT_TRUE(policy.MayPublish(kAnn, "a"));
  EXPECT_TRUE(policy.MayPublish(kAnn, "c"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "b"));
  EXPECT_EQ(policy.rule_count(), 3u);
}

TEST(AccessPolicy, DenialsWinWhereverTheyStand) {
  for (const char* text :
       {"user ann\ntopic #\ntopic deny secret/#\n", "user ann\ntopic deny secret/#\ntopic #\n",
        "user ann\ntopic #\npattern deny secret/#\n",
        "pattern #\nuser ann\ntopic deny secret/#\n"}) {
    const AccessPolicy policy = Policy(text);
    EXPECT_TRUE(policy.MayPublish(kAnn, "open")) << text;
    EXPECT_FALSE(policy.MayPublish(kAnn, "secret/x")) << text;
    EXPECT_FALSE(policy.MayReceive(kAnn, "secret")) << text;
    EXPECT_TRUE(policy.MaySubscribe(kAnn, "#")) << text;
    EXPECT_FALSE(policy.MaySubscribe(kAnn, "secret/+")) << text;
    EXPECT_FALSE(policy.MaySubscribe(kAnn, "secret/#")) << text;
  }
}

TEST(AccessPolicy, ManyDenialsAmongPermissionsAllCount) {
  std::string text = "user ann\n";
  for (int i = 0; i < 100; ++i) {
    text += "topic read ok/" + std::to_string(i) + "\ntopic deny no/" + std::to_string(i) + "\n";
  }
  const AccessPolicy policy = Policy(text + "topic no/#\n");
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(policy.MayReceive(kAnn, "ok/" + std::to_string(i)));
    EXPECT_FALSE(policy.MayReceive(kAnn, "no/" + std::to_string(i)));
  }
  EXPECT_TRUE(policy.MayReceive(kAnn, "no/100"));
}

TEST(AccessPolicy, SubscribeNeedsARuleThatCouldMatch) {
  const AccessPolicy policy = Policy("user ann\ntopic read a/+/c\ntopic write w\n");
  EXPECT_TRUE(policy.MaySubscribe(kAnn, "#"));
  EXPECT_TRUE(policy.MaySubscribe(kAnn, "a/b/c"));
  EXPECT_TRUE(policy.MaySubscribe(kAnn, "+/b/#"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "a/b"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "b/#"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "w"));
  EXPECT_FALSE(policy.MayReceive(kAnn, "a/b/d"));  // Though "#" may be subscribed.
}

TEST(AccessPolicy, SharedSubscriptionsAreCheckedByTheirFilter) {
  const AccessPolicy policy = Policy("user ann\ntopic read jobs/#\n");
  EXPECT_TRUE(policy.MaySubscribe(kAnn, "$share/g/jobs/+"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "$share/g/other"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "$share/g"));
  EXPECT_FALSE(policy.MaySubscribe(kAnn, "$share/jobs/x"));
}

TEST(AccessPolicy, SysIsReadByRuleAndNeverWritten) {
  const AccessPolicy all = Policy("pattern #\n");
  EXPECT_FALSE(all.MayReceive(kAnn, "$SYS/broker/uptime"));
  EXPECT_FALSE(all.MaySubscribe(kAnn, "$SYS/#"));
  const AccessPolicy sys = Policy("pattern $SYS/#\n");
  EXPECT_TRUE(sys.MayReceive(kAnn, "$SYS/broker/uptime"));
  EXPECT_TRUE(sys.MaySubscribe(kAnn, "$SYS/#"));
  EXPECT_FALSE(sys.MayPublish(kAnn, "$SYS/broker/uptime"));
}

TEST(AccessPolicy, PatternsStandForEachClient) {
  const AccessPolicy policy = Policy("pattern write from/%c/%u\npattern read to/%c/#\n");
  EXPECT_TRUE(policy.MayPublish(kAnn, "from/c1/ann"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "from/c2/ann"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "from/c1/bob"));
  EXPECT_TRUE(policy.MayReceive(kNobody, "to/c3/x"));
  EXPECT_FALSE(policy.MayPublish(kNobody, "from/c3/"));
  EXPECT_TRUE(policy.MaySubscribe(kBob, "to/+/x"));
  EXPECT_FALSE(policy.MaySubscribe(kBob, "to/c1/x"));
}

TEST(AccessPolicy, TopicRulesTakePercentSignsLiterally) {
  const AccessPolicy policy = Policy("user ann\ntopic x/%c\n");
  EXPECT_TRUE(policy.MayPublish(kAnn, "x/%c"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "x/c1"));
}

// CVE-2017-7650: a client that names itself "#" must not read everybody's topics.
TEST(AccessPolicy, OddNamesAreNeverPutIntoPatterns) {
  const AccessPolicy policy = Policy("pattern id/%c\npattern name/%u\n");
  for (const char* odd : {"#", "+", "a/b", "a+", "/", "", "x#"}) {
    const Identity by_id = {.client_id = odd, .username = "ann"};
    const Identity by_name = {.client_id = "c1", .username = odd};
    EXPECT_FALSE(policy.MayReceive(by_id, "id/" + std::string(odd))) << odd;
    EXPECT_FALSE(policy.MayReceive(by_id, "id/x")) << odd;
    EXPECT_TRUE(policy.MayReceive(by_id, "name/ann")) << odd;
    EXPECT_FALSE(policy.MayReceive(by_name, "name/" + std::string(odd))) << odd;
    EXPECT_FALSE(policy.MaySubscribe(by_name, "name/#")) << odd;
    EXPECT_TRUE(policy.MayReceive(by_name, "id/c1")) << odd;
  }
}

TEST(AccessPolicy, OddNamesDoNotEscapeDenials) {
  const AccessPolicy policy = Policy("pattern #\npattern deny private/%u\n");
  EXPECT_TRUE(policy.MayPublish(kAnn, "x"));
  EXPECT_FALSE(policy.MayPublish(kAnn, "private/ann"));
  EXPECT_FALSE(policy.MayPublish({.client_id = "c", .username = "a/b"}, "private/a/b"));
  EXPECT_FALSE(policy.MayPublish({.client_id = "c", .username = "a/b"}, "x"));
  EXPECT_TRUE(policy.MayPublish(kNobody, "x"));  // A rule about user names is not about it.
}

// Differential: what mosquitto 2.0.11 let these clients publish (PUBACK 0x10 against 0x87) and
// delivered to them with this file, recorded from the real program.
TEST(AccessPolicy, AgreesWithMosquittoOnARecordedFile) {
  const AccessPolicy policy = Policy(
      "topic read pub/#\ntopic anonw\nuser ann\ntopic deny all/secret/#\ntopic all/#\n"
      "topic read ro/+\ntopic write wo/x\ntopic read $SYS/#\npattern write dev/%c/%u\n"
      "pattern read cmd/%c/#\n");
  const std::vector<std::string> topics = {
      "pub",     "pub/a",  "anonw",    "all",      "all/x",      "all/secret", "all/secret/x",
      "ro/a",    "ro/a/b", "wo/x",     "wo",       "dev/c1/ann", "dev/c2/ann", "dev/c1/bob",
      "dev/c1/", "cmd/c1", "cmd/c1/x", "cmd/c2/x", "other",      "$SYS/x"};
  struct Recording {
    Identity who;
    std::set<std::string> published;
    std::set<std::string> received;  // Without $SYS, which "#" does not bring.
  };
  const Recording recordings[] = {
      {{.client_id = "c1", .username = "", .anonymous = true},
       {"anonw"},
       {"anonw", "cmd/c1", "cmd/c1/x", "pub", "pub/a"}},
      {{.client_id = "c1", .username = "ann"},
       {"all", "all/x", "wo/x", "dev/c1/ann"},
       {"all", "all/x", "cmd/c1", "cmd/c1/x", "ro/a"}},
      {{.client_id = "c1", .username = "bob"}, {"dev/c1/bob"}, {"cmd/c1", "cmd/c1/x"}},
      {{.client_id = "a+b", .username = "ann"}, {"all", "all/x", "wo/x"}, {"all", "all/x", "ro/a"}},
      {{.client_id = "#x", .username = "ann"}, {"all", "all/x", "wo/x"}, {"all", "all/x", "ro/a"}},
  };
  for (const Recording& recording : recordings) {
    for (const std::string& topic : topics) {
      EXPECT_EQ(policy.MayPublish(recording.who, topic), recording.published.contains(topic))
          << recording.who.client_id << ' ' << recording.who.username << ' ' << topic;
      if (topic.starts_with('$')) continue;
      EXPECT_EQ(policy.MayReceive(recording.who, topic), recording.received.contains(topic))
          << recording.who.client_id << ' ' << recording.who.username << ' ' << topic;
    }
  }
}

TEST(AccessPolicy, CopiesAreIndependent) {
  auto original = std::make_unique<AccessPolicy>(Policy("user ann\ntopic a\n"));
  const AccessPolicy copy = *original;
  original.reset();
  EXPECT_TRUE(copy.MayPublish(kAnn, "a"));
}

TEST(AccessPolicy, OneSubjectHasALimitedNumberOfRules) {
  AccessPolicy policy = AccessPolicy::DenyEverything();
  for (size_t i = 0; i < kAclRulesPerSubjectMax; ++i) {
    ASSERT_TRUE(policy.Add(AclSubject::kPattern, "", AclAccess::kDeny, "a").ok());
  }
  EXPECT_FALSE(policy.Add(AclSubject::kPattern, "", AclAccess::kRead, "a").ok());
  EXPECT_TRUE(policy.Add(AclSubject::kUser, "ann", AclAccess::kRead, "a").ok());
}

}  // namespace
}  // namespace ringmq::broker
