// `ringmq rr`: request and response.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "settings.h"

namespace ringmq::cli {

// Publishes the request, prints the first answer to it, and returns the exit code. `random_id`
// becomes the correlation data unless -D gave some.
[[nodiscard]] int RunRequest(const Settings& settings, std::string_view random_id);

}  // namespace ringmq::cli
