// Shared by the decoders: a property list with its length prefix, inside a packet.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "codec/decode.h"
#include "codec/properties.h"

namespace ringmq::codec {

using Failure = std::optional<DecodeError>;

// Reads the length and the list behind it, validates every property for `context`, and calls
// `visit(const Property&) -> Failure` with each. Fails on the first that is wrong.
template <typename Visit>
Failure ReadProperties(ByteReader& reader, PropertyContext context, const DecodeLimits& limits,
                       PropertyList& list, Visit visit) {
  list.bytes = reader.Take(reader.VarintValue());  // [MQTT-2.2.2-1]
  if (reader.failed()) return DecodeError::kMalformed;
  if (list.bytes.empty()) return std::nullopt;
  PropertyReader properties(list.bytes, context, limits.user_properties_max);
  Property property;
  while (properties.Next(property)) {
    if (const Failure failure = visit(property)) return failure;
  }
  return properties.error();
}

inline Failure IgnoreProperty(const Property&) { return std::nullopt; }

}  // namespace ringmq::codec
