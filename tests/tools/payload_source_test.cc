// SPDX-License-Identifier: Apache-2.0
#include "payload_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

namespace ringmq::cli {
namespace {

using ::testing::ElementsAre;

// A pipe, and what a reader makes of what is written to it.
class Lines {
 public:
  Lines() { EXPECT_EQ(pipe(ends_), 0); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }

  [[nodiscard]] int fd() const { return ends_[0]; }
  std::vector<std::string> After(LineReader& reader, std::string_view bytes) {
    EXPECT_EQ(write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return Read(reader);
  }
  std::vector<std::string> AfterEnd(LineReader& reader) {
    close(ends_[1]);
    ends_[1] = -1;
    return Read(reader);
  }

 private:
  static std::vector<std::string> Read(LineReader& reader) {
    EXPECT_TRUE(reader.needs_input());
    EXPECT_TRUE(reader.Read().ok());
    std::vector<std::string> lines;
    while (const auto line = reader.Next()) lines.push_back(*line);
    return lines;
  }

  int ends_[2] = {-1, -1};
};

TEST(LineReader, GivesLinesAsTheyAreCompleteAndTheLastOneWithoutAnEnd) {
  Lines lines;
  LineReader reader(lines.fd());
  EXPECT_THAT(lines.After(reader, "a\n\nbc"), ElementsAre("a", ""));
  EXPECT_THAT(lines.After(reader, "d"), ElementsAre());
  EXPECT_THAT(lines.After(reader, "\r\ne"), ElementsAre("bcd\r"));
  EXPECT_FALSE(reader.is_done());
  EXPECT_THAT(lines.AfterEnd(reader), ElementsAre("e"));
  EXPECT_TRUE(reader.is_done());
  EXPECT_FALSE(reader.needs_input());
}

TEST(LineReader, GivesNothingForAnEndOfLineAtTheEnd) {
  Lines lines;
  LineReader reader(lines.fd());
  EXPECT_THAT(lines.After(reader, "a\n"), ElementsAre("a"));
  EXPECT_THAT(lines.AfterEnd(reader), ElementsAre());
  EXPECT_TRUE(reader.is_done());
}

TEST(ReadPayload, NamesTheFileThatCannotBeRead) {
  const auto payload = ReadPayload({.source = PayloadSource::kFile, .payload = "/no/such/file"});
  ASSERT_FALSE(payload.ok());
  EXPECT_EQ(payload.error().detail(), "/no/such/file: No such file or directory");
  EXPECT_FALSE(ReadPayload({.source = PayloadSource::kFile, .payload = "/"}).ok());
}

TEST(ReadPayload, TakesArgumentsFilesAndNothing) {
  EXPECT_EQ(ReadPayload({.source = PayloadSource::kArgument, .payload = "on"})->view(), "on");
  EXPECT_EQ(ReadPayload({.source = PayloadSource::kEmpty})->view(), "");
  EXPECT_EQ(ReadPayload({.source = PayloadSource::kFile, .payload = "/dev/null"})->view(), "");
}

}  // namespace
}  // namespace ringmq::cli
