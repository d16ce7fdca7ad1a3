// SPDX-License-Identifier: Apache-2.0
#include "base/slab.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/random.h"

namespace ringmq::base {
namespace {

TEST(Slab, AHandleFindsItsObjectUntilItIsErased) {
  Slab<int> slab;
  const Handle<int> handle = slab.Emplace(42);
  EXPECT_EQ(slab.Get(handle), 42);
  slab.Erase(handle);
  EXPECT_EQ(slab.Find(handle), nullptr);
  EXPECT_EQ(slab.size(), 0u);
}

TEST(Slab, ANewObjectInAnOldSlotIsNotMistakenForTheOldOne) {
  Slab<int> slab;
  const Handle<int> old = slab.Emplace(1);
  slab.Erase(old);
  const Handle<int> fresh = slab.Emplace(2);
  EXPECT_EQ(fresh.index, old.index);
  EXPECT_EQ(slab.Find(old), nullptr);
  EXPECT_EQ(slab.Get(fresh), 2);
}

TEST(Slab, TheEmptyHandleNamesNothingAndPacksToZero) {
  Slab<int> slab;
  (void)slab.Emplace(1);
  EXPECT_EQ(slab.Find({}), nullptr);
  EXPECT_EQ(Handle<int>{}.Pack(), 0u);
  EXPECT_EQ(slab.Find({.index = 1'000'000, .generation = 1}), nullptr);
}

TEST(Slab, HandlesSurvivePackingAndHashing) {
  const Handle<int> handle{.index = 0xdeadbeef, .generation = 7};
  EXPECT_EQ(Handle<int>::Unpack(handle.Pack()), handle);
  absl::flat_hash_set<Handle<int>> set = {handle};
  EXPECT_TRUE(set.contains(handle));
}

TEST(Slab, CostsEightBytesAnObject) {
  struct Big {
    uint64_t words[4];
  };
  static_assert(sizeof(Handle<Big>) == 8);
  Slab<Big> slab;
  (void)slab.Emplace();
  EXPECT_GE(slab.capacity(), (64u << 10) / (sizeof(Big) + 8));
}

TEST(Slab, DestroysWhatIsLeft) {
  const auto counter = std::make_shared<int>(0);
  {
    Slab<std::shared_ptr<int>> slab;
    const auto erased = slab.Emplace(counter);
    (void)slab.Emplace(counter);
    slab.Erase(erased);
    EXPECT_EQ(counter.use_count(), 2);
  }
  EXPECT_EQ(counter.use_count(), 1);
}

TEST(SlabDeathTest, GetAndEraseOfWhatIsGoneAreBugs) {
  Slab<int> slab;
  const Handle<int> handle = slab.Emplace(1);
  slab.Erase(handle);
  EXPECT_DEATH((void)slab.Get(handle), "check failed");
  EXPECT_DEATH(slab.Erase(handle), "check failed");
}

// Differential against a map, with addresses that must not move.
TEST(Slab, DoesWhatAMapDoes) {
  Random random(1);
  Slab<uint64_t> slab;
  std::map<uint64_t, std::pair<uint64_t, uint64_t*>> twin;  // Packed handle -> value, address.
  for (int step = 0; step < 50'000; ++step) {
    if (twin.empty() || random.Chance(step < 25'000 ? 2 : 1, 3)) {
      const uint64_t value = random.Next();
      const Handle<uint64_t> handle = slab.Emplace(value);
      ASSERT_TRUE(twin.emplace(handle.Pack(), std::pair(value, &slab.Get(handle))).second);
    } else {
      const auto victim = std::next(
          twin.begin(), static_cast<long>(random.Below(std::min<size_t>(twin.size(), 16))));
      const auto handle = Handle<uint64_t>::Unpack(victim->first);
      ASSERT_EQ(slab.Find(handle), victim->second.second);
      ASSERT_EQ(slab.Get(handle), victim->second.first);
      slab.Erase(handle);
      twin.erase(victim);
    }
    ASSERT_EQ(slab.size(), twin.size());
  }
  size_t seen = 0;
  slab.ForEach([&](Handle<uint64_t> handle, uint64_t& value) {
    ASSERT_EQ(twin.at(handle.Pack()).first, value);
    ++seen;
    slab.Erase(handle);
  });
  EXPECT_EQ(seen, twin.size());
  EXPECT_EQ(slab.size(), 0u);
  for (uint32_t i = 0; i < slab.capacity(); ++i) ASSERT_EQ(slab.HandleAt(i), Handle<uint64_t>{});
}

}  // namespace
}  // namespace ringmq::base
