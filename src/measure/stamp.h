// What the load tool writes at the front of each payload, so that a receiver knows who sent it,
// as which message, and when it was due. Little-endian, both forms:
//
//   full, 32 bytes         0 magic:32   4 run:32   8 publisher:32   12 checksum:32
//                         16 sequence:64          24 due_ns:64
//   compact, 16 bytes      0 magic:8  run:12  publisher:20  sequence low:24   (one 64-bit word,
//                          8 due:52   sequence high:12                         low bits first)
//
// The checksum covers the header without itself and the whole rest of the payload. The rest has a
// sum of its own, which the header's is mixed with: who knows the sum need not look at the rest.
// The compact form exists because the public presets use payloads of 16 bytes; it gives up the
// checksum and
//   - keeps 12 bits of the run (RunAs says what comes back),
//   - has room for 2^20 publishers and 2^36 messages of each,
//   - counts due in units of 32 ns, rounded, which wrap after 4.5 years of uptime.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringmq::measure {

struct Stamp {
  uint32_t run = 0;        // Tells this run's messages from those of an earlier or parallel one.
  uint32_t publisher = 0;  // Counted from zero over the whole run.
  uint64_t sequence = 0;   // Counted from zero by each publisher.
  int64_t due_ns = 0;      // When the schedule wanted it sent; not when it was.

  bool operator==(const Stamp&) const = default;
};

enum class StampForm : uint8_t { kFull, kCompact };

inline constexpr size_t kFullStampBytes = 32;
inline constexpr size_t kCompactStampBytes = 16;
inline constexpr uint32_t kCompactPublishers = 1u << 20;
inline constexpr uint64_t kCompactSequences = uint64_t{1} << 36;
inline constexpr int64_t kCompactDueUnitNs = 32;

[[nodiscard]] constexpr size_t StampBytes(StampForm form) {
  return form == StampForm::kFull ? kFullStampBytes : kCompactStampBytes;
}

// What ReadStamp returns as `run` for a stamp that was written with `run`.
[[nodiscard]] constexpr uint32_t RunAs(StampForm form, uint32_t run) {
  return form == StampForm::kFull ? run : run & 0xfff;
}

// And as `due_ns`. Who asks on both sides whether a message is one of those that count, asks with
// this: near the border the time that was meant and the one that is read are not on one side.
[[nodiscard]] constexpr int64_t DueAs(StampForm form, int64_t due_ns) {
  constexpr int64_t kUnit = kCompactDueUnitNs;
  return form == StampForm::kFull ? due_ns : (due_ns + kUnit / 2) / kUnit * kUnit;
}

// The state of a sum between two blocks of 32 bytes: two independent chains.
struct SumChains {
  uint64_t first = 0;
  uint64_t second = 0;
};

// Of what a checksum covers besides the header.
[[nodiscard]] uint64_t SumOf(std::span<const uint8_t> rest);

// Bytes that the rest of many messages is the front of, summed up once: to write a checksum nobody
// looks at them again, and to read one they are only compared.
class KnownRest {
 public:
  KnownRest() = default;
  // More than kKnownRestBytesMax are not remembered.
  explicit KnownRest(std::span<const uint8_t> bytes);

  // Of any bytes, known or not.
  [[nodiscard]] uint64_t SumOf(std::span<const uint8_t> rest) const;
  // Of so many of the known ones. Requires: Knows() them.
  [[nodiscard]] uint64_t SumOfFront(size_t size_bytes) const {
    return size_bytes == bytes_.size() ? whole_ : SumOfShorter(size_bytes);
  }
  [[nodiscard]] bool Knows(size_t size_bytes) const { return size_bytes <= bytes_.size(); }

 private:
  [[nodiscard]] uint64_t SumOfShorter(size_t size_bytes) const;

  std::vector<uint8_t> bytes_;
  std::vector<SumChains> chains_;        // Before each whole block, and behind the last one.
  uint64_t whole_ = measure::SumOf({});  // The sum of all of them.
};
inline constexpr size_t kKnownRestBytesMax = 1 << 20;

// Writes over the front of `payload`, and reads the rest of it for the checksum.
// Requires: payload.size() >= StampBytes(form); due_ns >= 0; for the compact form, publisher below
// kCompactPublishers and sequence below kCompactSequences.
void WriteStamp(const Stamp& stamp, StampForm form, std::span<uint8_t> payload);

// The same to wherever it is to be, with the sum of the rest, which may be anywhere.
void WriteStamp(const Stamp& stamp, StampForm form, uint64_t rest_sum, std::span<uint8_t> place);

enum class StampStatus : uint8_t {
  kOk,
  kForeign,  // Too short or no magic: somebody else's message. The run is not compared here.
  kCorrupt,  // Full form whose checksum does not fit.
};

// Finds out the form by itself. The payload comes from the network: any content is legal to pass.
// `stamp` is written only with kOk.
[[nodiscard]] StampStatus ReadStamp(std::span<const uint8_t> payload, Stamp& stamp);
[[nodiscard]] StampStatus ReadStamp(std::span<const uint8_t> payload, const KnownRest& known,
                                    Stamp& stamp);
// Of a stamp that lies apart from the rest. Nothing but a stamp may lie there.
[[nodiscard]] StampStatus ReadStampApart(std::span<const uint8_t> place,
                                         std::span<const uint8_t> rest, const KnownRest& known,
                                         Stamp& stamp);

}  // namespace ringmq::measure
