// SPDX-License-Identifier: Apache-2.0
#include "measure/stamp.h"

#include <bit>
#include <cstring>

#include "base/check.h"

namespace ringmq::measure {
namespace {

static_assert(std::endian::native == std::endian::little, "the stamp is written as it lies");

constexpr uint32_t kFullMagic = 0x51'4d'52'f8;  // The bytes f8 'R' 'M' 'Q'; f8 begins no UTF-8.
constexpr uint64_t kCompactMagic = 0xf6;
static_assert(std::popcount((kFullMagic & 0xff) ^ kCompactMagic) > 1, "one flipped bit");

// The digits of pi: no structure that a payload could share.
constexpr uint64_t kKey0 = 0x243f6a8885a308d3;
constexpr uint64_t kKey1 = 0x13198a2e03707344;
constexpr uint64_t kKey2 = 0xa4093822299f31d1;

struct FullHeader {
  uint32_t magic;
  uint32_t run;
  uint32_t publisher;
  uint32_t checksum;
  uint64_t sequence;
  int64_t due_ns;
};
static_assert(sizeof(FullHeader) == kFullStampBytes);

// Sixteen bytes into eight by one multiplication of 64 by 64 bits, both halves of which are kept.
uint64_t Mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t Load(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Two independent chains of 16 bytes: the multiplication takes longer than the loads, so that one
// chain alone would leave the core waiting.
constexpr size_t kBlockBytes = 32;
constexpr SumChains kBeginning = {.first = kKey0, .second = kKey1};

SumChains FoldBlock(SumChains chains, const uint8_t* at) {
  return {Mix(chains.first ^ Load(at) ^ kKey0, Load(at + 8) ^ kKey1) + chains.first,
          Mix(chains.second ^ Load(at + 16) ^ kKey1, Load(at + 24) ^ kKey2) + chains.second};
}

// With what is left behind the last whole block, of `size_bytes` in all.
uint64_t FoldEnd(SumChains chains, std::span<const uint8_t> tail, size_t size_bytes) {
  if (!tail.empty()) {
    // The length is part of the sum, so filling up with zeros makes no two payloads alike.
    uint8_t block[kBlockBytes] = {};
    std::memcpy(block, tail.data(), tail.size());
    chains = FoldBlock(chains, block);
  }
  return Mix(chains.first ^ kKey2 ^ size_bytes, std::rotl(chains.second, 32) ^ kKey0);
}

uint32_t Checksum(const FullHeader& header, uint64_t rest_sum) {
  const uint64_t first = Mix(header.sequence ^ kKey0, static_cast<uint64_t>(header.due_ns) ^ kKey1);
  const uint64_t second =
      Mix((uint64_t{header.publisher} << 32 | header.run) ^ kKey1, rest_sum ^ kKey2);
  const uint64_t sum = Mix(first ^ kKey2, std::rotl(second, 32) ^ header.magic);
  return static_cast<uint32_t>(sum ^ sum >> 32);
}

void WriteCompact(const Stamp& stamp, std::span<uint8_t> payload) {
  RMQ_CHECK(stamp.publisher < kCompactPublishers);
  RMQ_CHECK(stamp.sequence < kCompactSequences);
  const auto due =
      static_cast<uint64_t>(DueAs(StampForm::kCompact, stamp.due_ns) / kCompactDueUnitNs);
  const uint64_t words[2] = {
      kCompactMagic | uint64_t{RunAs(StampForm::kCompact, stamp.run)} << 8 |
          uint64_t{stamp.publisher} << 20 | stamp.sequence << 40,
      (due & ((uint64_t{1} << 52) - 1)) | stamp.sequence >> 24 << 52,
  };
  std::memcpy(payload.data(), words, sizeof(words));
}

void ReadCompact(const uint8_t* payload, Stamp& stamp) {
  const uint64_t low = Load(payload);
  const uint64_t high = Load(payload + 8);
  stamp.run = static_cast<uint32_t>(low >> 8 & 0xfff);
  stamp.publisher = static_cast<uint32_t>(low >> 20 & 0xfffff);
  stamp.sequence = low >> 40 | high >> 52 << 24;
  stamp.due_ns = static_cast<int64_t>(high & ((uint64_t{1} << 52) - 1)) * kCompactDueUnitNs;
}

StampStatus ReadFull(const uint8_t* place, std::span<const uint8_t> rest, const KnownRest& known,
                     Stamp& stamp) {
  FullHeader header;
  std::memcpy(&header, place, sizeof(header));
  if (header.magic != kFullMagic) return StampStatus::kForeign;
  if (header.checksum != Checksum(header, known.SumOf(rest))) return StampStatus::kCorrupt;
  stamp = {.run = header.run,
           .publisher = header.publisher,
           .sequence = header.sequence,
           .due_ns = header.due_ns};
  return StampStatus::kOk;
}

}  // namespace

uint64_t SumOf(std::span<const uint8_t> rest) {
  SumChains chains = kBeginning;
  const size_t size_bytes = rest.size();
  for (; rest.size() >= kBlockBytes; rest = rest.subspan(kBlockBytes)) {
    chains = FoldBlock(chains, rest.data());
  }
  return FoldEnd(chains, rest, size_bytes);
}

KnownRest::KnownRest(std::span<const uint8_t> bytes) {
  if (bytes.size() > kKnownRestBytesMax) return;
  bytes_.assign(bytes.begin(), bytes.end());
  SumChains chains = kBeginning;
  for (size_t at = 0; at + kBlockBytes <= bytes_.size(); at += kBlockBytes) {
    chains_.push_back(chains);
    chains = FoldBlock(chains, bytes_.data() + at);
  }
  chains_.push_back(chains);
  whole_ = measure::SumOf(bytes_);
}

uint64_t KnownRest::SumOfShorter(size_t size_bytes) const {
  RMQ_DCHECK(size_bytes < bytes_.size());
  const size_t block = size_bytes / kBlockBytes;
  const std::span<const uint8_t> front = std::span(bytes_).first(size_bytes);
  return FoldEnd(chains_[block], front.subspan(block * kBlockBytes), size_bytes);
}

uint64_t KnownRest::SumOf(std::span<const uint8_t> rest) const {
  const bool is_known = !rest.empty() && Knows(rest.size()) &&
                        std::memcmp(rest.data(), bytes_.data(), rest.size()) == 0;
  return is_known ? SumOfFront(rest.size()) : measure::SumOf(rest);
}

void WriteStamp(const Stamp& stamp, StampForm form, std::span<uint8_t> payload) {
  RMQ_CHECK(payload.size() >= StampBytes(form));
  const bool is_full = form == StampForm::kFull;
  WriteStamp(stamp, form, is_full ? SumOf(payload.subspan(kFullStampBytes)) : 0, payload);
}

void WriteStamp(const Stamp& stamp, StampForm form, uint64_t rest_sum, std::span<uint8_t> place) {
  RMQ_CHECK(place.size() >= StampBytes(form));
  RMQ_CHECK(stamp.due_ns >= 0);
  if (form == StampForm::kCompact) return WriteCompact(stamp, place);
  FullHeader header{.magic = kFullMagic,
                    .run = stamp.run,
                    .publisher = stamp.publisher,
                    .checksum = 0,
                    .sequence = stamp.sequence,
                    .due_ns = stamp.due_ns};
  header.checksum = Checksum(header, rest_sum);
  std::memcpy(place.data(), &header, sizeof(header));
}

StampStatus ReadStamp(std::span<const uint8_t> payload, Stamp& stamp) {
  return ReadStamp(payload, {}, stamp);
}

StampStatus ReadStamp(std::span<const uint8_t> payload, const KnownRest& known, Stamp& stamp) {
  if (payload.size() < kCompactStampBytes) return StampStatus::kForeign;
  if (payload[0] == kCompactMagic) {
    ReadCompact(payload.data(), stamp);
    return StampStatus::kOk;
  }
  if (payload.size() < kFullStampBytes) return StampStatus::kForeign;
  return ReadFull(payload.data(), payload.subspan(kFullStampBytes), known, stamp);
}

StampStatus ReadStampApart(std::span<const uint8_t> place, std::span<const uint8_t> rest,
                           const KnownRest& known, Stamp& stamp) {
  if (place.size() == kFullStampBytes) return ReadFull(place.data(), rest, known, stamp);
  if (place.size() != kCompactStampBytes || place[0] != kCompactMagic) return StampStatus::kForeign;
  ReadCompact(place.data(), stamp);
  return StampStatus::kOk;
}

}  // namespace ringmq::measure
