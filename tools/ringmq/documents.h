// What the table of options turns into for people and shells: help, manual pages, completion.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "option_table.h"

namespace ringmq::cli {

// For --help.
[[nodiscard]] std::string HelpText(Command command);

// ringmq-pub(1) and so on in roff; without a command ringmq(1).
[[nodiscard]] std::string ManPage(std::optional<Command> command, std::string_view version);

enum class Shell : uint8_t { kBash, kZsh, kFish };
// The script that the shell reads to complete `ringmq`.
[[nodiscard]] std::string CompletionScript(Shell shell);

}  // namespace ringmq::cli
