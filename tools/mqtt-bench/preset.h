// `preset`: a run that has a name, applied to the flags that were not given.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace ringmq::bench {

// Turns `settings` into those of the preset that it names: its command, its flags where `app` has
// not seen them. A value: leave with this exit code, everything was said (the list, the command
// line, or what is wrong).
[[nodiscard]] std::optional<int> ApplyPreset(CLI::App& app, Settings& settings);

}  // namespace ringmq::bench
