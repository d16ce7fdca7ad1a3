// Which process of this machine listens where the load goes: --watch-pid auto.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "settings.h"

namespace ringmq::bench {

// The first one, by its number. Not found: it runs elsewhere, or belongs to somebody whose
// descriptors we may not see.
[[nodiscard]] absl::StatusOr<int> FindListener(const sockaddr_storage& address);

// Puts numbers where `settings` has kWatchAuto.
[[nodiscard]] absl::Status FindBrokers(Settings& settings);

}  // namespace ringmq::bench
