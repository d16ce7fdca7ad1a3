// SPDX-License-Identifier: Apache-2.0
#include "soak.h"

#include <gmock/gmock.h>

namespace ringmq::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A warm-up of two seconds, then `count` with 1 MiB more memory each if it leaks.
std::vector<report::Second> Seconds(int count, bool leaks) {
  std::vector<report::Second> seconds;
  for (int i = -1; i <= count; ++i) {
    report::Second second;
    second.at_s = i;
    second.received = 100;
    second.response_p99_ns = 2'000'000;
    second.broker_cpu_cores = 0.5;
    second.broker_rss_bytes = (100 + (leaks ? std::max(i, 0) : 0)) * 1'048'576ull;
    seconds.push_back(second);
  }
  return seconds;
}

TEST(Soak, CutsTheMeasuredSecondsIntoWholeWindows) {
  const auto windows = WindowsOf(Seconds(29, false), 10);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].at_s, 10);
  EXPECT_EQ(windows[1].at_s, 20);
  EXPECT_EQ(windows[0].received_per_s, 100);
  EXPECT_EQ(windows[0].p99_ns, 2'000'000);
  EXPECT_DOUBLE_EQ(windows[0].cpu_cores, 0.5);
  EXPECT_TRUE(WindowsOf({}, 10).empty());
}

TEST(Soak, SaysThatMemoryGrowsWhenThatIsCertain) {
  const auto drift = DriftOf(WindowsOf(Seconds(100, true), 10));
  EXPECT_THAT(drift,
              ElementsAre(StartsWith("memory grows by 3.5 GiB an hour"), HasSubstr("p99: no drift"),
                          HasSubstr("CPU: no drift"), HasSubstr("throughput: no drift")));
  EXPECT_THAT(DriftOf(WindowsOf(Seconds(100, false), 10)).front(), HasSubstr("memory: no drift"));
}

TEST(Soak, SaysNothingOfTooFewWindows) {
  EXPECT_THAT(DriftOf(WindowsOf(Seconds(70, true), 10)),
              ElementsAre(HasSubstr("cannot be told of 7 windows; 8 are needed")));
}

}  // namespace
}  // namespace ringmq::bench
