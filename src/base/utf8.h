// UTF-8 as MQTT narrows it (5.0 s1.5.4): well-formed, shortest form, no surrogates
// [MQTT-1.5.4-1], no U+0000 [MQTT-1.5.4-2]. Control characters and noncharacters are legal, since
// the standard only advises against them; U+FEFF is a character like any other [MQTT-1.5.4-3].
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ringmq::base {

[[nodiscard]] bool IsValidUtf8(std::string_view text);

// The same with U+0000 allowed: what a payload marked as text must be (5.0 s3.3.2.3.2).
[[nodiscard]] bool IsValidUtf8Payload(std::string_view text);

}  // namespace ringmq::base
