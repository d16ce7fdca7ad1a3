// SPDX-License-Identifier: Apache-2.0
//
// What `ringmqd --version` and $SYS/broker/version say.
#pragma once

#include <string_view>

namespace ringmq::broker {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace ringmq::broker
