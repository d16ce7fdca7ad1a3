// SPDX-License-Identifier: Apache-2.0
#include "transport/output_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/random.h"

namespace ringmq::transport {
namespace {

void Append(OutputQueue& queue, ChunkPool& pool, const std::string& text) {
  std::memcpy(queue.Append(pool, text.size()), text.data(), text.size());
}

std::string TextOf(std::span<const iovec> slices) {
  std::string text;
  for (const iovec& slice : slices) {
    text.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
  }
  return text;
}

TEST(OutputQueueTest, WhatIsSaidInOneTurnLeavesInOnePiece) {
  ChunkPool pool;
  OutputQueue queue;
  for (const char* text : {"one", "two", "three"}) Append(queue, pool, text);
  const auto slices = queue.BeginSend(pool);
  EXPECT_EQ(slices.size(), 1u);
  EXPECT_EQ(TextOf(slices), "onetwothree");
  Append(queue, pool, "later");  // Behind, without moving what is being sent.
  EXPECT_EQ(TextOf(slices), "onetwothree");
  queue.EndSend(pool, 4);
  EXPECT_EQ(TextOf(queue.BeginSend(pool)), "wothreelater");
  queue.EndSend(pool, 12);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(pool.lent_bytes(), 0u);
}

// Any appends, references, partial sends and failures: the bytes come in order, every hold is
// released once, and every chunk goes home.
TEST(OutputQueueTest, AgreesWithAString) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    base::Random random(seed);
    ChunkPool pool;
    OutputQueue queue;
    std::string expected;
    size_t checked = 0;
    int held = 0;
    const std::string large(20'000, 'L');
    for (int step = 0; step < 400; ++step) {
      switch (random.Below(4)) {
        case 0:
        case 1: {
          const std::string text(1 + random.Below(random.Chance(1, 20) ? 200'000 : 300),
                                 static_cast<char>('a' + step % 26));
          Append(queue, pool, text);
          expected += text;
          break;
        }
        case 2:
          ++held;
          queue.AppendReference(
              pool, {reinterpret_cast<const uint8_t*>(large.data()), large.size()},
              {.owner = &held, .release = [](void* owner) { --*static_cast<int*>(owner); }});
          expected += large;
          break;
        case 3: {
          if (queue.empty()) break;
          const auto slices = queue.BeginSend(pool);
          ASSERT_LE(slices.size(), OutputQueue::kSlicesMax);
          const std::string text = TextOf(slices);
          ASSERT_LE(text.size(), OutputQueue::kSendBytesMax);
          ASSERT_EQ(text, expected.substr(checked, text.size())) << "seed " << seed;
          const size_t sent = random.Chance(1, 3) ? text.size() : random.Below(text.size() + 1);
          queue.EndSend(pool, sent);
          checked += sent;
          break;
        }
      }
      ASSERT_EQ(queue.pending_bytes(), expected.size() - checked);
    }
    queue.Reset(pool);
    EXPECT_EQ(held, 0);
    EXPECT_EQ(pool.lent_bytes(), 0u);
    EXPECT_LE(pool.kept_bytes(), ChunkPool::kKeptBytesMax);
    pool.Trim();
    EXPECT_EQ(pool.kept_bytes(), 0u);
  }
}

TEST(ChunkPoolTest, ClassesHoldWhatTheyPromise) {
  for (size_t size : {size_t{1}, size_t{512}, size_t{513}, size_t{8192}, size_t{131'072}}) {
    const uint8_t size_class = ChunkPool::ClassFor(size);
    ASSERT_LT(size_class, ChunkPool::kClassCount);
    EXPECT_GE(ChunkPool::SizeOf(size_class), size);
    if (size_class > 0) {
      EXPECT_LT(ChunkPool::SizeOf(static_cast<uint8_t>(size_class - 1)), size);
    }
  }
  EXPECT_EQ(ChunkPool::ClassFor(131'073), ChunkPool::kClassCount);
}

TEST(ChunkPoolTest, TakesBackAndGivesOutTheSameMemory) {
  ChunkPool pool;
  void* const chunk = pool.Take(1, 100);
  pool.Give(chunk, 1);
  EXPECT_EQ(pool.Take(1, 2048), chunk);
  pool.Give(chunk, 1);
}

}  // namespace
}  // namespace ringmq::transport
