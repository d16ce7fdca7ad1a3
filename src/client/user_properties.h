// The user properties of a packet that was received, as the public headers show them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "codec/properties.h"
#include "ringmq/message.h"

namespace ringmq::client {

// `list` was validated.
[[nodiscard]] inline UserProperties UserPropertiesOf(const codec::PropertyList& list) {
  UserProperties found;
  codec::PropertyReader reader(list);
  codec::Property property;
  while (reader.Next(property)) {
    if (property.id != codec::PropertyId::kUserProperty) continue;
    found.emplace_back(property.name, property.text);
  }
  return found;
}

}  // namespace ringmq::client
