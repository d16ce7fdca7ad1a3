// `mqtt-bench man`: its manual page, made of what the command line itself says.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace ringmq::bench {

// As roff with the macros of man(7).
[[nodiscard]] std::string ManualOf(const CLI::App& app);

}  // namespace ringmq::bench
