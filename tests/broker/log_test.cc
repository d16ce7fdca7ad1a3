// SPDX-License-Identifier: Apache-2.0
#include "broker/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "broker/limits.h"

namespace ringmq::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class CapturingLog final : public Log {
 public:
  using Log::Log;
  std::vector<std::string> lines;
  std::vector<LogLevel> levels;

 protected:
  void Emit(LogLevel level, std::string_view line) override {
    levels.push_back(level);
    lines.emplace_back(line);
  }
};

TEST(Log, WritesFromItsLevelUp) {
  CapturingLog log(LogLevel::kWarning);
  log.Debug("a");
  log.Info("b");
  log.Warning("c{}", 1);
  log.Error("d");
  EXPECT_THAT(log.lines, ElementsAre("c1", "d"));
  log.set_level(LogLevel::kDebug);
  log.Debug("e");
  EXPECT_THAT(log.levels, ElementsAre(LogLevel::kWarning, LogLevel::kError, LogLevel::kDebug));
}

TEST(Log, ClientsCannotForgeLinesOrSteerTheTerminal) {
  CapturingLog log(LogLevel::kInfo);
  log.Info("client {} connected", std::string_view("a\nerror all is lost\x1b[2J\0", 22));
  EXPECT_THAT(log.lines, ElementsAre(HasSubstr("a\\x0aerror all is lost\\x1b[2")));
}

TEST(Log, LinesHaveALimit) {
  CapturingLog log(LogLevel::kInfo);
  log.Info("{}", std::string(100'000, 'x'));
  log.Info("{}", std::string(4'000, '\n'));
  log.Info("{}", std::string(kLogLineBytesMax, 'x'));
  ASSERT_EQ(log.lines.size(), 3u);
  for (const std::string& line : log.lines) EXPECT_EQ(line.size(), kLogLineBytesMax);
  EXPECT_TRUE(log.lines[0].ends_with("..."));
  EXPECT_TRUE(log.lines[1].ends_with("..."));
  EXPECT_TRUE(log.lines[2].ends_with("x"));
}

TEST(StderrLog, WritesTimeAndLevel) {
  ::testing::internal::CaptureStderr();
  MakeStderrLog(LogLevel::kInfo, LogFormat::kTimestamp)->Warning("hot {}", "{}");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("[0-9-]+T[0-9:.]+[+-][0-9:]+ warning hot \\{\\}\n"));
}

TEST(StderrLog, WritesJournalPrefixes) {
  ::testing::internal::CaptureStderr();
  const auto log = MakeStderrLog(LogLevel::kDebug, LogFormat::kJournal);
  log->Debug("a");
  log->Info("b");
  log->Warning("c");
  log->Error("d");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "<7>a\n<6>b\n<4>c\n<3>d\n");
}

TEST(DetectLogFormat, BelievesTheVariableOnlyIfItIsAboutOurStderr) {
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(DetectLogFormat(), LogFormat::kTimestamp);
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  EXPECT_EQ(DetectLogFormat(), LogFormat::kTimestamp);
  struct stat status = {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
  EXPECT_EQ(DetectLogFormat(), LogFormat::kJournal);
  ::unsetenv("JOURNAL_STREAM");
}

class RateLimitedLogTest : public ::testing::Test {
 protected:
  void Burst(Instant now, int count) {
    for (int i = 0; i < count; ++i) limited_.Write(now, LogLevel::kInfo, "line {}", i);
  }
  CapturingLog log_{LogLevel::kInfo};
  RateLimitedLog limited_{log_, {.lines_max = 2, .interval = 10 * kSecond}};
};

TEST_F(RateLimitedLogTest, CountsWhatItSwallowsAndSaysSo) {
  Burst(Instant{0}, 5);
  EXPECT_THAT(log_.lines, ElementsAre("line 0", "line 1"));
  Burst(Instant{0} + 10 * kSecond, 1);
  EXPECT_THAT(log_.lines, ElementsAre("line 0", "line 1", "suppressed 3 similar lines", "line 0"));
}

TEST_F(RateLimitedLogTest, FlushReportsOnceWhenTheIntervalIsOver) {
  Burst(Instant{0}, 3);
  limited_.Flush(Instant{0} + 9 * kSecond);
  EXPECT_EQ(log_.lines.size(), 2u);
  limited_.Flush(Instant{0} + 10 * kSecond);
  limited_.Flush(Instant{0} + 30 * kSecond);
  EXPECT_THAT(log_.lines, ElementsAre("line 0", "line 1", "suppressed 1 similar lines"));
}

TEST_F(RateLimitedLogTest, QuietSitesAreNotLimited) {
  for (int i = 0; i < 10; ++i) Burst(Instant{0} + i * (5 * kSecond), 1);
  EXPECT_EQ(log_.lines.size(), 10u);
}

TEST_F(RateLimitedLogTest, DisabledLevelsAreNotCounted) {
  for (int i = 0; i < 5; ++i) limited_.Write(Instant{0}, LogLevel::kDebug, "x");
  limited_.Flush(Instant{0} + 100 * kSecond);
  EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(RateLimitedLogTest, TheCountHasTheGravestLevelOfWhatItSwallowed) {
  Burst(Instant{0}, 3);
  limited_.Write(Instant{0}, LogLevel::kError, "bad");
  limited_.Flush(Instant{0} + 10 * kSecond);
  EXPECT_EQ(log_.levels.back(), LogLevel::kError);
}

}  // namespace
}  // namespace ringmq::broker
