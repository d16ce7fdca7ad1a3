// The plans of the commands that are more than publishers and subscribers.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "load/plan.h"
#include "settings.h"

namespace ringmq::bench {

// Fills in what a plan says of connections. False: it is none of these commands. kInvalidArgument:
// a flag is wrong, and the message names it with an example.
[[nodiscard]] absl::StatusOr<bool> AddStatefulRoles(const Settings& settings, load::Plan& plan);

// --expiry in seconds.
[[nodiscard]] absl::StatusOr<uint32_t> ExpiryOf(const Settings& settings);
// A client id with all but "{i}" filled in.
[[nodiscard]] std::string IdOf(const Settings& settings, uint32_t run, const char* role);
// None at all if `count` is zero.
void AddRole(load::Role role, uint32_t count, load::Plan& plan);

}  // namespace ringmq::bench
