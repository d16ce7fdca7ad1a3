// The addresses that connections come from: each has some 28,000 ports for one target.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::bench {

// Of IPv4, in network byte order, from
//   ""                      none: the kernel chooses
//   "4"                     so many of 127.0.0.0/8
//   "10.0.0.1,10.0.0.2"     these
//   "10.0.0.0/28"           all of these but the first and the last, which are no hosts
[[nodiscard]] absl::StatusOr<std::vector<uint32_t>> ParseSources(const std::string& text);

}  // namespace ringmq::bench
