// Bytes of the wire as the public headers show them, and back.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "codec/packets.h"

namespace ringmq::client {

[[nodiscard]] inline std::string_view AsText(codec::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline codec::Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace ringmq::client
