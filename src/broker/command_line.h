// The flags of ringmqd.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/config.h"

namespace ringmq::broker {

struct CommandLine {
  std::string config_path;       // Empty: no file, defaults.
  std::optional<uint16_t> port;  // 0: the kernel chooses.
  std::optional<IoBackend> io;
  std::optional<uint32_t> threads;
  std::optional<std::string> tls_keylog;  // Path of a file; for debugging.
  bool verbose = false;
  bool check = false;     // Check the configuration and leave.
  bool features = false;  // Print what the kernel offers and leave.
  bool version = false;
  bool print_config = false;
  std::optional<std::string> help_text;  // Set if -h was given: print it and leave with 0.
};

// The error names the flag and gives an example of its use; exit code 1 is the caller's.
[[nodiscard]] absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

// The configuration that the flags ask for: the file if one is named, the flags on top,
// validated. A port from the flags is that of the first listener.
[[nodiscard]] absl::StatusOr<Config> ConfigFromCommandLine(const CommandLine& command_line);

}  // namespace ringmq::broker
