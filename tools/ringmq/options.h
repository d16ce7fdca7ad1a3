// From words to Settings.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ringmq/expected.h"
#include "settings.h"

namespace ringmq::cli {

// What the command line takes from around it.
struct Surroundings {
  std::string_view password{};      // RINGMQ_PASSWORD; empty: not set.
  std::string_view key_password{};  // RINGMQ_KEY_PASSWORD, likewise.
  std::string_view config{};        // The configuration file: an option and its value a line.
  std::string_view config_path{};   // For messages.
  std::string_view random_id{};     // Letters and digits that nobody else is likely to have.
  int process_id = 0;
};

// Reads what stands after the command's name. An error is one that the user can mend: it names the
// option and shows how it is used.
[[nodiscard]] Expected<Settings> ParseOptions(Command command,
                                              std::span<const std::string_view> words,
                                              const Surroundings& around);

}  // namespace ringmq::cli
