// `mqtt-bench completion`: the scripts that teach a shell its commands and flags, made of what the
// command line itself says. They hold everything: completing starts no mqtt-bench.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace ringmq::bench {

// Requires: `shell` is bash, zsh or fish.
[[nodiscard]] std::string CompletionOf(const CLI::App& app, const std::string& shell);

}  // namespace ringmq::bench
