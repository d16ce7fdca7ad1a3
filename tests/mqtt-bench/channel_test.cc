// What processes say arrives whole and in order, however the pipe cuts it.
//
// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace ringmq::bench {
namespace {

class Channel : public ::testing::Test {
 protected:
  Channel() {
    EXPECT_EQ(pipe(ends_), 0);
    EXPECT_EQ(fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
  }
  ~Channel() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }
  void CloseWriter() {
    close(ends_[1]);
    ends_[1] = -1;
  }

  int ends_[2] = {-1, -1};
  Inbox inbox_;
};

TEST_F(Channel, GivesEachMessageOnce) {
  EXPECT_TRUE(inbox_.Read(ends_[0]));
  EXPECT_TRUE(inbox_.Take().empty());
  Say(ends_[1], Message::kOutcome, "");
  Say(ends_[1], Message::kResult, "two");
  EXPECT_TRUE(inbox_.Read(ends_[0]));
  const auto messages = inbox_.Take();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0], std::pair(Message::kOutcome, std::string()));
  EXPECT_EQ(messages[1], std::pair(Message::kResult, std::string("two")));
  EXPECT_TRUE(inbox_.Take().empty());
  CloseWriter();
  EXPECT_FALSE(inbox_.Read(ends_[0]));
}

// Larger than any pipe, so that the writer has to wait for the reader.
TEST_F(Channel, PutsTogetherWhatComesInPieces) {
  const std::string large(5 << 20, 'x');
  std::thread writer([&] {
    Say(ends_[1], Message::kOutcome, large);
    Say(ends_[1], Message::kResult, "end");
    CloseWriter();
  });
  std::vector<std::pair<Message, std::string>> messages;
  while (inbox_.Read(ends_[0])) {
    for (auto& message : inbox_.Take()) messages.push_back(std::move(message));
  }
  writer.join();
  for (auto& message : inbox_.Take()) messages.push_back(std::move(message));
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].second, large);
  EXPECT_EQ(messages[1].second, "end");
}

TEST_F(Channel, LeavesOutAMessageThatWasNotWrittenToItsEnd) {
  Say(ends_[1], Message::kOutcome, "whole");
  std::string begun(1, static_cast<char>(Message::kResult));
  begun += std::string(8, '\1');
  ASSERT_EQ(write(ends_[1], begun.data(), begun.size()), static_cast<ssize_t>(begun.size()));
  CloseWriter();
  EXPECT_FALSE(inbox_.Read(ends_[0]));
  EXPECT_EQ(inbox_.Take().size(), 1u);
}

}  // namespace
}  // namespace ringmq::bench
