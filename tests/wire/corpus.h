// Reads tests/wire/*.txt: named packets, good and bad, with what each version says of them.
//
//   name: VERDICTS [from=server]      VERDICTS = verdict | v31=verdict v311=verdict v5=verdict
//     bytes, on indented lines:
//       10 003c     hex digits
//       "abc"       a string with its two-byte length
//       'abc'       bare text
//       .. rest     the Remaining Length, computed from the rest of the packet
//       [ ... ]     a property list: what is inside, with its length in front
//       x*N         the preceding hex byte or text element N times in all
//   # starts a comment.
//
// Verdicts: good; more (incomplete); frame (the framer says malformed); else a decode error's name.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/decode.h"

namespace ringmq::wire {

struct Verdict {
  enum class Kind : uint8_t { kGood, kMore, kFrame, kError };
  Kind kind = Kind::kGood;
  codec::DecodeError error = codec::DecodeError::kMalformed;  // With kError.

  bool operator==(const Verdict&) const = default;
};

std::string NameOf(const Verdict& verdict);

struct WirePacket {
  std::string name{};
  std::vector<uint8_t> bytes{};
  codec::Peer sender = codec::Peer::kClient;
  std::array<Verdict, 3> verdicts{};  // For 3.1, 3.1.1, 5.

  [[nodiscard]] const Verdict& verdict(ProtocolVersion version) const {
    return verdicts[static_cast<size_t>(version) - 3];
  }
};

inline constexpr std::array<ProtocolVersion, 3> kVersions = {
    ProtocolVersion::kV31, ProtocolVersion::kV311, ProtocolVersion::kV5};

// Every packet of the corpus, in the order of files and lines. Crashes with a message when a file
// cannot be read: the corpus is ours.
std::vector<WirePacket> LoadCorpus();

// One packet by name; crashes when there is none.
WirePacket LoadPacket(const std::string& name);

// The bytes that a line of the notation above stands for.
std::vector<uint8_t> ParseBytes(const std::string& notation);

}  // namespace ringmq::wire
