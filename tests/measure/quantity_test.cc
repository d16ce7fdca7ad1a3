// SPDX-License-Identifier: Apache-2.0
#include "measure/quantity.h"

#include <gtest/gtest.h>

#include <string_view>

namespace ringmq::measure {
namespace {

TEST(Quantity, ReadsCountsWithDecimalFactors) {
  EXPECT_EQ(ParseCount("200").value(), 200);
  EXPECT_EQ(ParseCount("0.5").value(), 0.5);
  EXPECT_EQ(ParseCount("200k").value(), 200e3);
  EXPECT_EQ(ParseCount("1.5M").value(), 1.5e6);
  EXPECT_EQ(ParseCount("2G").value(), 2e9);
  for (const char* text :
       {"", "k", "-1", "1e5", "1.2.3", " 1", "1 k", "5m", "nan", "9999999999G"}) {
    EXPECT_FALSE(ParseCount(text).ok()) << text;
  }
}

TEST(Quantity, ReadsRatesPerSecondMinuteAndHour) {
  EXPECT_EQ(ParseRate("200k").value(), 200e3);
  EXPECT_EQ(ParseRate("2k/s").value(), 2e3);
  EXPECT_EQ(ParseRate("30/m").value(), 0.5);
  EXPECT_EQ(ParseRate("36/h").value(), 0.01);
  for (const char* text : {"", "0", "0/s", "5/", "5/d", "/s", "-2", "2k/s/s"}) {
    EXPECT_FALSE(ParseRate(text).ok()) << text;
  }
}

TEST(Quantity, ReadsTimesWithTheirUnit) {
  EXPECT_EQ(ParseDuration("10s").value(), 10'000'000'000);
  EXPECT_EQ(ParseDuration("250ms").value(), 250'000'000);
  EXPECT_EQ(ParseDuration("118us").value(), 118'000);
  EXPECT_EQ(ParseDuration("118µs").value(), 118'000);
  EXPECT_EQ(ParseDuration("5ns").value(), 5);
  EXPECT_EQ(ParseDuration("1.5h").value(), 5'400'000'000'000);
  EXPECT_EQ(ParseDuration("2m").value(), ParseDuration("120s").value());
  EXPECT_EQ(ParseDuration("1d").value(), ParseDuration("24h").value());
  EXPECT_EQ(ParseDuration("0").value(), 0);
  for (const char* text : {"", "s", "-1s", "10 s", "1m30s", "99999999999h", "5y"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(Quantity, SaysWhatIsMissingFromATimeWithoutUnit) {
  EXPECT_EQ(ParseDuration("10").status().message(), "'10' has no unit: write 10s, 250ms or 2m");
}

TEST(Quantity, ReadsSizesAndRangesWithBinaryFactors) {
  EXPECT_EQ(ParseSizeRange("16").value(), (SizeRange{16, 16}));
  EXPECT_EQ(ParseSizeRange("64-4k").value(), (SizeRange{64, 4096}));
  EXPECT_EQ(ParseSizeRange("1.5k").value(), (SizeRange{1536, 1536}));
  EXPECT_EQ(ParseSizeRange("1M-1M").value(), (SizeRange{1 << 20, 1 << 20}));
  EXPECT_EQ(ParseSizeRange("0").value(), (SizeRange{0, 0}));
  for (const char* text : {"", "-", "4-", "-4", "4k-64", "0.5", "300M", "1-2-3", "x"}) {
    EXPECT_FALSE(ParseSizeRange(text).ok()) << text;
  }
}

TEST(Quantity, ReadsRampsAsTimeOrRate) {
  EXPECT_EQ(ParseRamp("10s").value(), (Ramp{.within_ns = 10'000'000'000}));
  EXPECT_EQ(ParseRamp("2k/s").value(), (Ramp{.per_s = 2'000}));
  EXPECT_EQ(ParseRamp("2k").value(), (Ramp{.per_s = 2'000}));
  EXPECT_EQ(ParseRamp("10m").value(), (Ramp{.within_ns = 600'000'000'000}));
  for (const char* text : {"", "0/s", "0", "0s", "fast", "1s/s"}) {
    EXPECT_FALSE(ParseRamp(text).ok()) << text;
  }
}

TEST(Quantity, PrintsTimesWithTwoOrThreeDigits) {
  EXPECT_EQ(FormatTime(0), "0ns");
  EXPECT_EQ(FormatTime(999), "999ns");
  EXPECT_EQ(FormatTime(1'000), "1.0µs");
  EXPECT_EQ(FormatTime(118'400), "118µs");
  EXPECT_EQ(FormatTime(1'940'000), "1.9ms");
  EXPECT_EQ(FormatTime(99'940'000), "99.9ms");
  EXPECT_EQ(FormatTime(99'960'000), "100ms");
  EXPECT_EQ(FormatTime(999'600), "1.0ms");
  EXPECT_EQ(FormatTime(3'600'000'000'000), "3600s");
  EXPECT_EQ(FormatTime(-3'000'000), "-3.0ms");
}

TEST(Quantity, PrintsRatesAndCounts) {
  EXPECT_EQ(FormatRate(200'000), "200.0k/s");
  EXPECT_EQ(FormatRate(0.5), "0.5/s");
  EXPECT_EQ(FormatRate(12), "12/s");
  EXPECT_EQ(FormatCount(999'960), "1.0M");
  EXPECT_EQ(FormatCount(1'500), "1.5k");
  EXPECT_EQ(FormatRateBriefly(212'345), "212k/s");
  EXPECT_EQ(FormatRateBriefly(1'500), "1.5k/s");
  EXPECT_EQ(FormatRateBriefly(999'700), "1.0M/s");
}

TEST(Quantity, PrintsBytesAndShares) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(4'096), "4.0 KiB");
  EXPECT_EQ(FormatBytes(1'572'864), "1.5 MiB");
  EXPECT_EQ(FormatShare(0.99), "99 %");
  EXPECT_EQ(FormatShare(0.003), "0.3 %");
  EXPECT_EQ(FormatShare(0), "0 %");
  EXPECT_EQ(FormatShare(1), "100 %");
}

}  // namespace
}  // namespace ringmq::measure
