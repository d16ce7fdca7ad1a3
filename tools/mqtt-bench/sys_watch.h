// --sys: what the broker says of itself in $SYS while a run goes, heard by a connection of its own
// that a thread of its own has.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "onlooker.h"

namespace ringmq::bench {

// Connects where the clients do and as they do. The first look is for what is kept in $SYS. A
// broker that is not there or has no $SYS is a note in the result; an error are flags that no
// connection can be made with.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Onlooker>> MakeSysWatch(const Settings& settings);

}  // namespace ringmq::bench
