// The pipe between a link and its shard, without either.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/pipe.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace ringmq::broker {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<uint8_t>;

class BellRing final : public reactor::Ring {
 public:
  std::span<const reactor::Completion> Enter(std::span<const reactor::Op>, Instant,
                                             std::span<reactor::Completion>) override {
    return {};
  }
  std::span<uint8_t> Buffer(uint16_t) override { return {}; }
  void ReleaseBuffer(uint16_t) override {}
  Instant Now() override { return {}; }
  void Wake() override { ++wakes; }
  [[nodiscard]] int PollDescriptor() const override { return -1; }

  int wakes = 0;
};

Bytes Copy(std::string_view text) { return {text.begin(), text.end()}; }

class PipeTest : public testing::Test {
 protected:
  PipeTest() {
    Pipe::Ends ends = Pipe::Make(
        {.to_shard_bytes_max = 4, .to_link_bytes_max = 4, .on_ready = [this] { ++ready_; }});
    shard_ = std::move(ends.shard);
    link_ = std::move(ends.link);
    shard_->Attach(port_, 7);
  }

  bool Push(std::string_view text) {
    Bytes bytes = Copy(text);
    return link_->Push(bytes);
  }
  std::string Serve(bool goes_on = true) {
    Bytes bytes;
    EXPECT_EQ(shard_->Serve(Pipe::Input::kTake, bytes), goes_on);
    return {bytes.begin(), bytes.end()};
  }
  size_t Put(std::string text, Pipe::Bound bound = Pipe::Bound::kKeep) {
    const iovec slices[] = {{text.data(), 1}, {text.data() + 1, text.size() - 1}};
    return shard_->Put(slices, bound);
  }
  std::string Take(bool goes_on = true) {
    Bytes bytes;
    EXPECT_EQ(link_->Take(bytes, Clock::now()), goes_on);
    return {bytes.begin(), bytes.end()};
  }
  size_t Rung() {
    std::vector<uint64_t> names;
    port_.Collect(names);
    for (const uint64_t name : names) EXPECT_EQ(name, 7u);
    return names.size();
  }

  BellRing ring_;
  PipePort port_{ring_};
  Pipe::ShardEnd shard_;
  Pipe::LinkEnd link_;
  int ready_ = 0;
};

TEST_F(PipeTest, RingsTheShardOnceUntilItAnswers) {
  EXPECT_TRUE(Push("ab"));
  EXPECT_TRUE(Push("cd"));
  EXPECT_EQ(ring_.wakes, 1);
  EXPECT_EQ(Rung(), 1u);
  EXPECT_EQ(Serve(), "abcd");
  EXPECT_EQ(Serve(), "");
  EXPECT_TRUE(Push("e"));
  EXPECT_EQ(ring_.wakes, 2);
}

TEST_F(PipeTest, HasNoRoomUntilTheShardTakes) {
  EXPECT_TRUE(link_->HasRoom());
  EXPECT_TRUE(Push("abcde"));  // One packet more than the bound.
  EXPECT_FALSE(link_->HasRoom());
  Bytes nothing;
  EXPECT_TRUE(shard_->Serve(Pipe::Input::kLeave, nothing));
  EXPECT_FALSE(link_->HasRoom());
  EXPECT_EQ(ready_, 0);
  EXPECT_EQ(Serve(), "abcde");
  EXPECT_EQ(ready_, 1);
  EXPECT_TRUE(link_->HasRoom());
}

TEST_F(PipeTest, TakesNoMoreForTheLinkThanItsBound) {
  EXPECT_EQ(Put("abcdef"), 4u);
  EXPECT_EQ(Put("ef"), 0u);
  EXPECT_EQ(ready_, 1);
  EXPECT_EQ(Take(), "abcd");
  EXPECT_EQ(Rung(), 1u);  // The rest may come now.
  EXPECT_EQ(Put("ef"), 2u);
  EXPECT_EQ(Put("last words", Pipe::Bound::kIgnore), 10u);
  EXPECT_EQ(Take(), "eflast words");
}

TEST_F(PipeTest, LetsTheLinkReadWhatTheShardLeft) {
  EXPECT_EQ(Put("abc"), 3u);
  shard_.reset();
  EXPECT_FALSE(Push("x"));
  EXPECT_EQ(Take(), "abc");
  EXPECT_EQ(Take(false), "");
}

TEST_F(PipeTest, LetsTheShardReadWhatTheLinkLeft) {
  EXPECT_TRUE(Push("abc"));
  link_.reset();
  EXPECT_EQ(Put("for nobody"), 10u);
  EXPECT_EQ(Serve(false), "abc");
  EXPECT_EQ(ready_, 0);
}

TEST_F(PipeTest, WakesALinkThatWaits) {
  std::thread link([this] {
    Bytes bytes;
    EXPECT_TRUE(link_->Take(bytes, Clock::now() + std::chrono::seconds(10)));
    EXPECT_EQ(bytes, Copy("abc"));
    EXPECT_FALSE(link_->Take(bytes, Clock::now() + std::chrono::seconds(10)));
  });
  EXPECT_EQ(Put("abc"), 3u);
  shard_.reset();
  link.join();
}

}  // namespace
}  // namespace ringmq::broker
