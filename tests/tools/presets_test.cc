// SPDX-License-Identifier: Apache-2.0
#include "presets.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace ringmq::bench {
namespace {

using ::testing::HasSubstr;

std::string ValueOf(const FlagValues& flags, const std::string& flag) {
  const auto found = std::ranges::find(flags, flag, &FlagValues::value_type::first);
  return found == flags.end() ? "" : found->second;
}

TEST(Presets, HaveTheSuitesNames) {
  for (const char* const name : {"conn-tcp-10K-100", "conn-tcp-1M-5K", "fanout-1-1000-1-1000K",
                                 "fanout-5-1000-5-250K", "p2p-1K-1K-1K-1K", "p2p-50K-50K-50K-50K",
                                 "sharesub-1K-5-1K-1K", "sharesub-50K-500-50K-50K"}) {
    const auto preset = FindPreset(name);
    ASSERT_TRUE(preset.ok()) << preset.status();
    EXPECT_EQ((*preset)->name, name);
  }
  for (const auto& [written, name] :
       {std::pair("singlenode-conn-tcp-1M-5K", "conn-tcp-1M-5K"),
        std::pair("SHAREDSUB-50k-500-50k-50k", "sharesub-50K-500-50K-50K"),
        std::pair("fanout-1-1k-1-1K", "fanout-1-1000-1-1000K")}) {
    const auto preset = FindPreset(written);
    ASSERT_TRUE(preset.ok()) << preset.status();
    EXPECT_EQ((*preset)->name, name);
  }
}

TEST(Presets, ThatDoNotExistAreAnsweredWithThoseThatDo) {
  EXPECT_THAT(std::string(FindPreset("p2p-7").status().message()), HasSubstr("p2p-qos1"));
  EXPECT_THAT(std::string(FindPreset("x").status().message()), HasSubstr("mqtt-bench preset"));
  EXPECT_FALSE(FindPreset("").ok());
}

// The numbers of the suite's description.
TEST(Presets, AreWhatTheSuiteDescribes) {
  const FlagValues fanout = FlagsOf(**FindPreset("fanout-5-1000-5-250K"), 1);
  EXPECT_EQ(
      EqualCommandLine("pubsub", fanout),
      "mqtt-bench pubsub --pubs 5 --subs 1000 --rate 250 --qos 1 --payload 16 --stamp compact "
      "--keepalive 300 --duration 30m --version 4");
  const FlagValues connections = FlagsOf(**FindPreset("conn-tcp-1M-5K"), 1);
  EXPECT_EQ(ValueOf(connections, "--clients"), "1000000");
  EXPECT_EQ(ValueOf(connections, "--ramp"), "5000");
  EXPECT_EQ(ConnectionsOf(**FindPreset("p2p-50K-50K-50K-50K"), 1), 100'000u);
}

TEST(Presets, AreShownAsAShellTakesThem) {
  EXPECT_EQ(
      EqualCommandLine("pairs", {{"--quiet", ""}, {"--assert", "p99(e2e)<5ms"}, {"--user", "o'x"}}),
      "mqtt-bench pairs --quiet --assert 'p99(e2e)<5ms' --user 'o'\\''x'");
}

TEST(Presets, ShrinkToAScaleButNeverToNothing) {
  const FlagValues flags = FlagsOf(**FindPreset("sharesub-50K-500-50K-50K"), 0.01);
  EXPECT_EQ(ValueOf(flags, "--pubs"), "500");
  EXPECT_EQ(ValueOf(flags, "--subs"), "5");
  EXPECT_EQ(ValueOf(flags, "--rate"), "500");
  EXPECT_EQ(ValueOf(flags, "--qos"), "1");
  const FlagValues tiny = FlagsOf(**FindPreset("fanout-1-1000-1-1000K"), 1e-6);
  EXPECT_EQ(ValueOf(tiny, "--pubs"), "1");
  EXPECT_EQ(ValueOf(tiny, "--subs"), "1");
  EXPECT_EQ(ValueOf(tiny, "--rate"), "0.001");
}

TEST(Presets, AreAllListedOnceWithWhatTheyNeed) {
  const std::string list = PresetList();
  std::set<std::string_view> names;
  for (const Preset& preset : Presets()) {
    EXPECT_THAT(list, HasSubstr(std::string(preset.name)));
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
  }
  EXPECT_THAT(list, HasSubstr("100 000 connections"));
}

}  // namespace
}  // namespace ringmq::bench
