// One message as one JSON object: %j, %J and --json.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <optional>
#include <string>
#include <string_view>

#include "format.h"

namespace ringmq::cli {

enum class JsonPayload : uint8_t {
  kString,  // Text as a string; what is not UTF-8 as an array of byte values.
  kJson,    // As it is, which must be JSON.
};

// Empty: the payload had to be JSON and is not.
[[nodiscard]] std::optional<std::string> JsonLine(const Printable& message, const timespec& now,
                                                  JsonPayload payload, JsonLayout layout);

}  // namespace ringmq::cli
