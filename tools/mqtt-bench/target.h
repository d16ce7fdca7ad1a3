// Where the load goes: the address behind --url, and what stands between MQTT and the socket there.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "load/plan.h"
#include "settings.h"

namespace ringmq::bench {

// Resolves the name and reads the files of TLS. An error names the flag and gives an example.
[[nodiscard]] absl::StatusOr<load::Target> MakeTarget(const Settings& settings,
                                                      const std::string& url);
// All of --url.
[[nodiscard]] absl::Status SetTargets(const Settings& settings, load::Plan& plan);

}  // namespace ringmq::bench
