// Between the properties of the public headers and those on the wire.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codec/packets.h"
#include "ringmq/expected.h"
#include "ringmq/message.h"

namespace ringmq::broker {

// Appends what may be published: all but expiry and subscription identifiers. An error says which
// property cannot be.
[[nodiscard]] std::optional<Error> AppendProperties(const PublishProperties& properties,
                                                    std::vector<uint8_t>& out);

[[nodiscard]] PublishProperties PropertiesOf(codec::PropertyList list);

}  // namespace ringmq::broker
