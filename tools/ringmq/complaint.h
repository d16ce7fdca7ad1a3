// What the client library finds wrong with its options, in words of the command line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "settings.h"

namespace ringmq::cli {

// `detail` is that of the kInvalidArgument that MakeClient() gave for `settings.client`. Names the
// option that is to blame and shows an example; unchanged where no option is.
[[nodiscard]] std::string InTermsOfOptions(const Settings& settings, std::string_view detail);

}  // namespace ringmq::cli
