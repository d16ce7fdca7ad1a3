// "Did you mean ...?" for keys with a typing error.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace ringmq::broker {

// The known name with the fewest edits (insert, delete, replace) from `name`, or empty if none
// is near enough to be meant. The result is one of `known`'s views.
[[nodiscard]] std::string_view NearestName(std::string_view name,
                                           std::span<const std::string_view> known);

}  // namespace ringmq::broker
