// How much memory the process really has, as the kernel counts it: what server.memory_bytes_max
// is compared with.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringmq::broker {

// Resident bytes now, from /proc/self/statm; none where that cannot be read. Three system calls
// and no allocation: for a timer, not for each packet.
[[nodiscard]] std::optional<uint64_t> ResidentBytes();

// The second number of a line of statm, in pages.
[[nodiscard]] std::optional<uint64_t> ParseResidentPages(std::string_view statm);

}  // namespace ringmq::broker
