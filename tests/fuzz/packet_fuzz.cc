// A stream of packets: frame, decode, encode, decode again, compare.
//
// The first byte chooses version (0 to 2), sender (bit 2) and payload check (bit 3); the rest is
// the stream.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "wire/any_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringmq;  // NOLINT: short.
  if (size == 0) return 0;
  const ProtocolVersion version = wire::kVersions[(data[0] & 3) % 3];
  const codec::DecodeLimits limits{
      .user_properties_max = 100,
      .sender = (data[0] & 4) != 0 ? codec::Peer::kServer : codec::Peer::kClient,
      .check_payload_format = (data[0] & 8) != 0};
  codec::Bytes stream(data + 1, size - 1);
  while (true) {  // Each round takes two bytes at least, or ends.
    const wire::AnyDecoded decoded = wire::DecodeAny(stream, version, limits);
    if (decoded.size_bytes == 0) return 0;
    if (decoded.packet) {
      const auto bytes = wire::EncodeAny(*decoded.packet, decoded.version);
      const wire::AnyDecoded again = wire::DecodeAny(bytes, version, limits);
      RMQ_CHECK(again.packet.has_value());
      RMQ_CHECK(again.size_bytes == bytes.size());
      RMQ_CHECK(wire::Describe(*decoded.packet, decoded.version) ==
                wire::Describe(*again.packet, decoded.version));
      RMQ_CHECK(wire::EncodeAny(*again.packet, decoded.version) == bytes);
    }
    stream = stream.subspan(decoded.size_bytes);
  }
}
