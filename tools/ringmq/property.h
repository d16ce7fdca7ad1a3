// -D: properties of packets, as mosquitto's tools name them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ringmq/expected.h"
#include "settings.h"

namespace ringmq::cli {

// Reads `packet name value` or `packet user-property key value` from the front of `words` into
// `settings`, and returns how many words that were.
[[nodiscard]] Expected<size_t> TakeProperty(std::span<const std::string_view> words,
                                            Settings& settings);

}  // namespace ringmq::cli
