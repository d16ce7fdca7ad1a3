// A property list in every context: whatever is accepted can be walked again without checks, writes
// back to the same bytes, and forwards to a list that is accepted too.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "codec/properties.h"

namespace {

using namespace ringmq::codec;  // NOLINT: short.

std::vector<uint8_t> WriteAgain(Bytes list) {
  std::vector<uint8_t> out;
  PropertyWriter writer(out);
  PropertyReader reader(PropertyList{list});
  Property property;
  while (reader.Next(property)) {
    switch (FindPropertyRule(static_cast<uint8_t>(property.id))->type) {
      case PropertyType::kByte:
      case PropertyType::kTwoByte:
      case PropertyType::kFourByte:
      case PropertyType::kVarint:
        writer.Number(property.id, property.number);
        break;
      case PropertyType::kString:
        writer.Text(property.id, property.text);
        break;
      case PropertyType::kBinary:
        writer.Binary(property.id, AsBytes(property.text));
        break;
      case PropertyType::kStringPair:
        writer.UserProperty(property.name, property.text);
        break;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto context = static_cast<PropertyContext>(data[0] & 15);
  const Bytes list(data + 1, size - 1);
  if (ValidateProperties(list, context)) return 0;
  RMQ_CHECK(std::ranges::equal(WriteAgain(list), list));
  std::vector<uint8_t> kept;
  AppendForwardable(list, kept);
  RMQ_CHECK(kept.size() == ForwardableSizeBytes(list));
  if (context == PropertyContext::kPublish || context == PropertyContext::kWill) {
    RMQ_CHECK(!ValidateProperties(kept, PropertyContext::kPublish));
  }
  return 0;
}
