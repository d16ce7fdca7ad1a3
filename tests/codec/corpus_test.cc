// What each version says of each packet in tests/wire. The statements that a packet proves stand
// beside it there; those of whole files are these: [MQTT-2.2.1-3] [MQTT-2.2.2-1] [MQTT-3.1.2-1]
// [MQTT-3.1.2-2] [MQTT-3.1.2-3] [MQTT-3.1.2-9] [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
// [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.3-1] [MQTT-3.1.3-3]
// [MQTT-3.1.3-4] [MQTT-3.1.3-5] [MQTT-3.1.3-6] [MQTT-3.1.3-8] [MQTT-3.1.3-11] [MQTT-3.1.3-12]
// [MQTT-3.2.2-1] [MQTT-3.2.2-6] [MQTT-3.2.2-8] [MQTT-3.3.1-2] [MQTT-3.3.1-4] [MQTT-3.3.2-1]
// [MQTT-3.3.2-2] [MQTT-3.3.2-8] [MQTT-3.3.2-13] [MQTT-3.3.2-14] [MQTT-3.3.2-19] [MQTT-3.3.4-6]
// [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.8.3-1] [MQTT-3.8.3-2]
// [MQTT-3.8.3-4] [MQTT-3.8.3-5] [MQTT-3.9.3-2] [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT-3.11.3-2]
// [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.15.2-1] [MQTT-4.7.3-2] [MQTT-1.5.7-1] [MQTT-1.5.4-1]
// [MQTT-1.5.4-2] [MQTT-1.5.4-3]
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "wire/any_packet.h"
#include "wire/corpus.h"

namespace ringmq::wire {
namespace {

using codec::Bytes;

std::string Label(const WirePacket& packet, ProtocolVersion version) {
  return packet.name + " as version " + std::to_string(static_cast<int>(version));
}

template <typename Check>
void ForEachPacket(Check check) {
  for (const WirePacket& packet : LoadCorpus()) {
    for (const ProtocolVersion version : kVersions) {
      check(packet, version, codec::DecodeLimits{.sender = packet.sender});
    }
  }
}

// A copy of exactly this size, so that the address sanitizer sees a read past its end.
AnyDecoded DecodeExact(Bytes bytes, ProtocolVersion version, const codec::DecodeLimits& limits,
                       std::unique_ptr<uint8_t[]>& copy) {
  copy = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return DecodeAny({copy.get(), bytes.size()}, version, limits);
}

TEST(Corpus, GetsTheVerdictThatStandsBesideEachPacket) {
  std::set<std::string> names;
  ForEachPacket([&](const WirePacket& packet, ProtocolVersion version, const auto& limits) {
    names.insert(packet.name);
    std::unique_ptr<uint8_t[]> copy;
    const AnyDecoded decoded = DecodeExact(packet.bytes, version, limits, copy);
    EXPECT_EQ(NameOf(decoded.verdict), NameOf(packet.verdict(version))) << Label(packet, version);
  });
  EXPECT_EQ(names.size(), LoadCorpus().size()) << "names are unique";
}

// Decode, encode, decode: the same packet again; and its encoding is a fixed point.
TEST(Corpus, SurvivesEncodingAndDecodingAgain) {
  ForEachPacket([](const WirePacket& packet, ProtocolVersion version, const auto& limits) {
    const AnyDecoded first = DecodeAny(packet.bytes, version, limits);
    if (!first.packet) return;
    const std::vector<uint8_t> bytes = EncodeAny(*first.packet, first.version);
    const AnyDecoded second = DecodeAny(bytes, version, limits);
    ASSERT_EQ(NameOf(second.verdict), "good") << Label(packet, version);
    EXPECT_EQ(second.size_bytes, bytes.size());
    EXPECT_EQ(Describe(*first.packet, first.version), Describe(*second.packet, first.version))
        << Label(packet, version);
    EXPECT_EQ(EncodeAny(*second.packet, first.version), bytes) << Label(packet, version);
  });
}

// A packet cut anywhere waits for more; with its length adjusted to the cut it may only be good
// where the body may end: a payload, a list of filters or reasons, an optional tail.
TEST(Corpus, NeverTakesACutPacketForAWholeOne) {
  ForEachPacket([](const WirePacket& packet, ProtocolVersion version, const auto& limits) {
    if (DecodeAny(packet.bytes, version, limits).verdict.kind != Verdict::Kind::kGood) return;
    for (size_t cut = 0; cut < packet.bytes.size(); ++cut) {
      std::unique_ptr<uint8_t[]> copy;
      const AnyDecoded decoded = DecodeExact(Bytes(packet.bytes).first(cut), version, limits, copy);
      EXPECT_EQ(decoded.verdict.kind, Verdict::Kind::kMore) << Label(packet, version) << cut;
    }
  });
}

// CONNECT has no optional tail: no shorter body is one.
TEST(Corpus, NeverTakesAShortenedConnectForAWholeOne) {
  for (const WirePacket& packet : LoadCorpus()) {
    if (!packet.name.starts_with("connect/")) continue;
    const AnyDecoded whole = DecodeAny(packet.bytes, ProtocolVersion::kV5);
    if (whole.verdict.kind != Verdict::Kind::kGood) continue;
    const size_t head = packet.bytes[1] < 0x80 ? 2 : 3;
    const Bytes body = Bytes(packet.bytes).subspan(head);
    for (size_t cut = 0; cut < body.size(); ++cut) {
      EXPECT_FALSE(codec::DecodeConnect(body.first(cut)).ok()) << packet.name << cut;
    }
  }
}

// Whatever a flipped bit makes of a packet, reading it stays within its bytes, and if it is still
// a packet, it survives encoding.
TEST(Corpus, StandsEveryFlippedBit) {
  ForEachPacket([](const WirePacket& packet, ProtocolVersion version, const auto& limits) {
    for (size_t bit = 0; bit < packet.bytes.size() * 8; ++bit) {
      std::vector<uint8_t> bytes = packet.bytes;
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << (bit % 8));
      std::unique_ptr<uint8_t[]> copy;
      const AnyDecoded decoded = DecodeExact(bytes, version, limits, copy);
      if (!decoded.packet) continue;
      const std::vector<uint8_t> again = EncodeAny(*decoded.packet, decoded.version);
      EXPECT_EQ(NameOf(DecodeAny(again, version, limits).verdict), "good")
          << Label(packet, version) << " bit " << bit;
    }
  });
}

}  // namespace
}  // namespace ringmq::wire
