// SPDX-License-Identifier: Apache-2.0
#include "broker/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

#include "broker/temporary_file.h"

namespace ringmq::broker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  LineReader reader(text);
  while (reader.Next()) lines.push_back(reader.line());
  EXPECT_EQ(reader.line_number(), lines.size());
  return lines;
}

TEST(LineReader, SplitsAtEitherLineEnd) {
  EXPECT_THAT(Lines("a\r\nb\n\nc"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(Lines("a\n"), ElementsAre("a"));
  EXPECT_THAT(Lines("\n"), ElementsAre(""));
  EXPECT_THAT(Lines(""), ElementsAre());
  EXPECT_THAT(Lines("a\rb\r"), ElementsAre("a\rb"));
}

TEST(ReadTextFile, ReadsUpToTheLimit) {
  const TemporaryFile file(std::string(100'000, 'x'), 0644);
  const auto read = ReadTextFile(file.path(), 100'000);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->text.size(), 100'000u);
  EXPECT_TRUE(read->is_readable_by_others);
  EXPECT_THAT(std::string(ReadTextFile(file.path(), 99'999).status().message()),
              HasSubstr("expected at most 99999 bytes"));
}

TEST(ReadTextFile, RefusesWhatIsNoFile) {
  EXPECT_FALSE(ReadTextFile("/tmp", 100).ok());
  EXPECT_FALSE(ReadTextFile("/dev/zero", 100).ok());
  EXPECT_EQ(ReadTextFile("/nonexistent", 100).status().code(), absl::StatusCode::kNotFound);
  // A pipe that nobody writes to must not stop the start.
  const TemporaryFile place("");
  const std::string pipe = place.path() + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(ReadTextFile(pipe, 100).ok());
  std::remove(pipe.c_str());
}

TEST(Quote, MakesAnyBytesFitForAMessage) {
  EXPECT_EQ(Quote("a\n\"\x1b[2J"), "\"a\\x0a\\\"\\x1b[2J\"");
  EXPECT_LT(Quote(std::string(1'000'000, 'x')).size(), 100u);
}

TEST(Trim, TakesBlanksOffBothEnds) {
  EXPECT_EQ(Trim(" \ta b \t"), "a b");
  EXPECT_EQ(Trim(" \t"), "");
  EXPECT_EQ(Trim(""), "");
}

}  // namespace
}  // namespace ringmq::broker
