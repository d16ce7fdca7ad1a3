// SPDX-License-Identifier: Apache-2.0
#include "transport/layer.h"

#include <cstring>

namespace ringmq::transport {

void ByteSink::Append(std::span<const uint8_t> bytes) {
  if (!bytes.empty()) std::memcpy(Append(bytes.size()), bytes.data(), bytes.size());
}

void ByteSink::Append(std::string_view text) {
  if (!text.empty()) std::memcpy(Append(text.size()), text.data(), text.size());
}

}  // namespace ringmq::transport
