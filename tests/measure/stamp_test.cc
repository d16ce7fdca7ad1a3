// SPDX-License-Identifier: Apache-2.0
#include "measure/stamp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace ringmq::measure {
namespace {

std::vector<uint8_t> RandomPayload(base::Random& random, size_t size_bytes) {
  std::vector<uint8_t> payload(size_bytes);
  for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random.Next());
  return payload;
}

Stamp RandomStamp(base::Random& random, StampForm form) {
  const bool full = form == StampForm::kFull;
  return {
      .run = static_cast<uint32_t>(random.Next()),
      .publisher = static_cast<uint32_t>(full ? random.Next() : random.Below(kCompactPublishers)),
      .sequence = full ? random.Next() : random.Below(kCompactSequences),
      .due_ns = static_cast<int64_t>(random.Below(uint64_t{1} << (full ? 63 : 57)))};
}

TEST(Stamp, ComesBackInFullWithEverySizeOfPayload) {
  base::Random random(1);
  for (size_t size = kFullStampBytes; size < 200; ++size) {
    std::vector<uint8_t> payload = RandomPayload(random, size);
    const std::vector<uint8_t> before = payload;
    const Stamp written = RandomStamp(random, StampForm::kFull);
    WriteStamp(written, StampForm::kFull, payload);
    Stamp read;
    ASSERT_EQ(ReadStamp(payload, read), StampStatus::kOk);
    EXPECT_EQ(read, written);
    EXPECT_TRUE(std::equal(payload.begin() + kFullStampBytes, payload.end(),
                           before.begin() + kFullStampBytes));
  }
}

TEST(Stamp, ComesBackFromTheCompactFormAsFarAsItFits) {
  base::Random random(2);
  for (int round = 0; round < 10'000; ++round) {
    std::vector<uint8_t> payload = RandomPayload(random, kCompactStampBytes + random.Below(40));
    const Stamp written = RandomStamp(random, StampForm::kCompact);
    WriteStamp(written, StampForm::kCompact, payload);
    Stamp read;
    ASSERT_EQ(ReadStamp(payload, read), StampStatus::kOk);
    EXPECT_EQ(read.run, RunAs(StampForm::kCompact, written.run));
    EXPECT_EQ(read.publisher, written.publisher);
    EXPECT_EQ(read.sequence, written.sequence);
    if (written.due_ns < (int64_t{1} << 57) - kCompactDueUnitNs) {
      EXPECT_LE(std::abs(read.due_ns - written.due_ns), kCompactDueUnitNs / 2);
    }
  }
}

TEST(Stamp, TellsAsWhatADueTimeComesBack) {
  std::vector<uint8_t> payload(kFullStampBytes);
  for (int64_t due_ns = 0; due_ns < 200; ++due_ns) {
    for (const StampForm form : {StampForm::kFull, StampForm::kCompact}) {
      WriteStamp({.due_ns = due_ns}, form, payload);
      Stamp stamp;
      ASSERT_EQ(ReadStamp(payload, stamp), StampStatus::kOk);
      EXPECT_EQ(stamp.due_ns, DueAs(form, due_ns));
    }
  }
}

TEST(Stamp, HoldsTheLargestCompactNumbers) {
  uint8_t payload[kCompactStampBytes];
  const Stamp written{.run = 0xfff,
                      .publisher = kCompactPublishers - 1,
                      .sequence = kCompactSequences - 1,
                      .due_ns = ((int64_t{1} << 52) - 1) * kCompactDueUnitNs};
  WriteStamp(written, StampForm::kCompact, payload);
  Stamp read;
  ASSERT_EQ(ReadStamp(payload, read), StampStatus::kOk);
  EXPECT_EQ(read, written);
}

// Exhaustive: each bit of header and rest. Damage to the magic makes the payload foreign.
TEST(Stamp, NoticesEveryFlippedBit) {
  base::Random random(3);
  for (const size_t size : {32, 33, 40, 63, 64, 65, 100}) {
    std::vector<uint8_t> payload = RandomPayload(random, size);
    WriteStamp(RandomStamp(random, StampForm::kFull), StampForm::kFull, payload);
    for (size_t bit = 0; bit < size * 8; ++bit) {
      payload[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      Stamp untouched{.run = 77};
      const StampStatus status = ReadStamp(payload, untouched);
      EXPECT_EQ(status, bit < 32 ? StampStatus::kForeign : StampStatus::kCorrupt) << bit;
      EXPECT_EQ(untouched, Stamp{.run = 77});
      payload[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
  }
}

TEST(Stamp, NoticesALostOrAddedEndAndExchangedBytes) {
  std::vector<uint8_t> payload(96);  // Zeros, which a careless checksum would not count.
  WriteStamp({.run = 1, .publisher = 2, .sequence = 3, .due_ns = 4}, StampForm::kFull, payload);
  Stamp stamp;
  for (size_t size = kFullStampBytes; size < payload.size(); ++size) {
    EXPECT_EQ(ReadStamp(std::span(payload).first(size), stamp), StampStatus::kCorrupt) << size;
  }
  payload.push_back(0);
  EXPECT_EQ(ReadStamp(payload, stamp), StampStatus::kCorrupt);

  base::Random random(4);
  payload = RandomPayload(random, 160);
  WriteStamp({.sequence = 5}, StampForm::kFull, payload);
  for (size_t block = kFullStampBytes; block + 32 <= payload.size(); block += 16) {
    std::vector<uint8_t> exchanged = payload;
    const auto at = exchanged.begin() + static_cast<ptrdiff_t>(block);
    std::swap_ranges(at, at + 16, at + 16);
    EXPECT_EQ(ReadStamp(exchanged, stamp), StampStatus::kCorrupt) << block;
  }
}

// A naive twin: the sum over all bytes, of every front of them, and of what differs in one bit.
TEST(Stamp, SumsUpTheSameOfWhatItKnowsAndOfWhatItDoesNot) {
  base::Random random(5);
  for (const size_t size : {0, 1, 31, 32, 33, 64, 100, 992}) {
    std::vector<uint8_t> rest = RandomPayload(random, size);
    const KnownRest known(rest);
    EXPECT_FALSE(known.Knows(size + 1));
    for (size_t front = 0; front <= size; ++front) {
      ASSERT_TRUE(known.Knows(front));
      const uint64_t sum = SumOf(std::span(rest).first(front));
      EXPECT_EQ(known.SumOfFront(front), sum) << front;
      EXPECT_EQ(known.SumOf(std::span(rest).first(front)), sum) << front;
    }
    const uint64_t before = SumOf(rest);
    for (size_t bit = 0; bit < size * 8; ++bit) {
      rest[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      EXPECT_NE(known.SumOf(rest), before) << bit;
      EXPECT_EQ(known.SumOf(rest), SumOf(rest)) << bit;
      rest[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
    rest.push_back(0);
    EXPECT_EQ(known.SumOf(rest), SumOf(rest));
    EXPECT_NE(known.SumOf(rest), before);
  }
  EXPECT_FALSE(KnownRest(std::vector<uint8_t>(kKnownRestBytesMax + 1)).Knows(1));
  EXPECT_EQ(KnownRest().SumOf(std::vector<uint8_t>(1)), SumOf(std::vector<uint8_t>(1)));
}

TEST(Stamp, ComesBackFromAPlaceOfItsOwn) {
  base::Random random(7);
  for (const StampForm form : {StampForm::kFull, StampForm::kCompact}) {
    for (const size_t size : {0, 1, 8, 100}) {
      std::vector<uint8_t> rest = RandomPayload(random, size);
      std::vector<uint8_t> place(StampBytes(form));
      const Stamp written = RandomStamp(random, form);
      WriteStamp(written, form, SumOf(rest), place);
      Stamp read;
      ASSERT_EQ(ReadStampApart(place, rest, {}, read), StampStatus::kOk);
      EXPECT_EQ(read.publisher, written.publisher);
      EXPECT_EQ(read.sequence, written.sequence);
      // One byte more is no stamp, nor is nothing.
      place.push_back(0);
      EXPECT_EQ(ReadStampApart(place, rest, {}, read), StampStatus::kForeign);
      EXPECT_EQ(ReadStampApart({}, rest, {}, read), StampStatus::kForeign);
      place.pop_back();
      rest.push_back(0);
      EXPECT_EQ(ReadStampApart(place, rest, {}, read),
                form == StampForm::kFull ? StampStatus::kCorrupt : StampStatus::kOk);
      place[0] ^= 0x80;
      EXPECT_EQ(ReadStampApart(place, rest, {}, read), StampStatus::kForeign);
    }
  }
}

// With what it knows, a receiver notices as much as without.
TEST(Stamp, NoticesEveryFlippedBitOfAPayloadThatItKnows) {
  base::Random random(6);
  std::vector<uint8_t> payload = RandomPayload(random, 100);
  const std::span<const uint8_t> whole = payload;
  const KnownRest known(whole.subspan(kFullStampBytes));
  WriteStamp({.sequence = 5}, StampForm::kFull, known.SumOfFront(68), payload);
  Stamp stamp;
  EXPECT_EQ(ReadStamp(payload, known, stamp), StampStatus::kOk);
  EXPECT_EQ(ReadStamp(payload, stamp), StampStatus::kOk);
  for (size_t bit = 32; bit < payload.size() * 8; ++bit) {
    payload[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_EQ(ReadStamp(payload, known, stamp), StampStatus::kCorrupt) << bit;
    payload[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
}

TEST(Stamp, TakesOtherPeoplesPayloadsForForeign) {
  Stamp stamp;
  const auto read = [&stamp](std::string_view text) {
    return ReadStamp({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, stamp);
  };
  EXPECT_EQ(read(""), StampStatus::kForeign);
  EXPECT_EQ(read("short"), StampStatus::kForeign);
  EXPECT_EQ(read("sixteen bytes or"), StampStatus::kForeign);
  EXPECT_EQ(read("{\"temperature\": 21.5, \"unit\": \"C\", \"sensor\": 7}"), StampStatus::kForeign);
  // A full stamp cut down to less than its header.
  std::vector<uint8_t> payload(kFullStampBytes);
  WriteStamp({}, StampForm::kFull, payload);
  EXPECT_EQ(ReadStamp(std::span(payload).first(31), stamp), StampStatus::kForeign);
}

}  // namespace
}  // namespace ringmq::measure
