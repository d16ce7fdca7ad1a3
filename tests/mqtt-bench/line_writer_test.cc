// SPDX-License-Identifier: Apache-2.0
#include "line_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <string>

namespace ringmq::bench {
namespace {

class Pipe : public ::testing::Test {
 protected:
  Pipe() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe(ends_), 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() override {
    CloseReader();
    close(ends_[1]);
  }
  void CloseReader() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }
  std::string ReadAll() {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = read(ends_[0], buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<size_t>(count));
    }
    return text;
  }

  int ends_[2];
};

TEST_F(Pipe, WhatIsWrittenArrivesInItsOrder) {
  PatientWriter writer(ends_[1]);
  const std::string large = std::string(9'000, 'x') + "\n";  // More than goes at once.
  EXPECT_TRUE(writer.Write("one\n"));
  EXPECT_TRUE(writer.Write(large));
  EXPECT_TRUE(writer.Write("two\n"));
  EXPECT_EQ(ReadAll(), "one\n" + large + "two\n");
  EXPECT_EQ(writer.dropped(), 0u);
}

// The pipe is one that blocks: if the writer did not ask first, this would never end.
TEST_F(Pipe, WholeLinesAreDroppedWhileNobodyReads) {
  PatientWriter writer(ends_[1]);
  uint64_t taken = 0;
  constexpr uint64_t kLines = 3'000;
  for (uint64_t i = 0; i < kLines; ++i) {
    taken += writer.Write(std::string(199, 'x') + "\n") ? 1 : 0;
  }
  EXPECT_EQ(writer.dropped(), kLines - taken);
  EXPECT_GT(writer.dropped(), 0u);
  EXPECT_FALSE(writer.is_broken());
  std::string read;
  for (std::string part = ReadAll(); !part.empty(); part = ReadAll()) {
    read += part;
    writer.Flush(0);
  }
  EXPECT_EQ(read.size(), taken * 200);
  EXPECT_TRUE(writer.Write("more\n"));
  EXPECT_EQ(ReadAll(), "more\n");
}

TEST_F(Pipe, AReaderThatHasGoneCostsItsLines) {
  PatientWriter writer(ends_[1]);
  EXPECT_TRUE(writer.Write("one\n"));
  CloseReader();
  EXPECT_FALSE(writer.Write("two\n"));
  EXPECT_FALSE(writer.Write("three\n"));
  EXPECT_TRUE(writer.is_broken());
  EXPECT_EQ(writer.dropped(), 2u);
}

TEST_F(Pipe, OnlyWhatIsOpenForWritingWillDo) {
  EXPECT_EQ(WhyNoOutput(ends_[1]), "");
  EXPECT_THAT(WhyNoOutput(ends_[0]), ::testing::HasSubstr("reading"));
  EXPECT_THAT(WhyNoOutput(1'000'000), ::testing::HasSubstr("not open"));
}

}  // namespace
}  // namespace ringmq::bench
