// SPDX-License-Identifier: Apache-2.0
#include "broker/mount.h"

#include <gtest/gtest.h>

namespace ringmq::broker {
namespace {

std::string Topic(std::string_view topic) {
  std::string buffer = "left over";
  return std::string(MountTopic("t1/", topic, buffer));
}

std::string Filter(std::string_view filter) {
  std::string buffer = "left over";
  return std::string(MountFilter("t1/", filter, buffer));
}

TEST(Mount, ComesBeforeTopicsAndFilters) {
  EXPECT_EQ(Topic("a/b"), "t1/a/b");
  EXPECT_EQ(Topic("/"), "t1//");
  EXPECT_EQ(Filter("#"), "t1/#");
  EXPECT_EQ(Filter("+/x"), "t1/+/x");
  EXPECT_EQ(Filter("$SYS/#"), "t1/$SYS/#");
}

TEST(Mount, ComesBehindTheNameOfASharedGroup) {
  EXPECT_EQ(Filter("$share/g/a/#"), "$share/g/t1/a/#");
  EXPECT_EQ(Filter("$share/g/g/"), "$share/g/t1/g/");
  EXPECT_EQ(Filter("$shared/g"), "t1/$shared/g");
}

TEST(Mount, LetsThroughWhatHasANameBehindIt) {
  EXPECT_TRUE(PassesMount("t1/", "t1/a"));
  EXPECT_TRUE(PassesMount("t1/", "t1//"));
  EXPECT_TRUE(PassesMount("t1/", "t1/a$"));
  EXPECT_FALSE(PassesMount("t1/", "t1"));  // "t1/#" matches it: 5.0 s4.7.1.2.
  EXPECT_FALSE(PassesMount("t1/", "t1/"));
  EXPECT_FALSE(PassesMount("t1/", "t1/$SYS/broker"));  // [MQTT-4.7.2-1]
}

}  // namespace
}  // namespace ringmq::broker
