// The configuration file: TOML, strict. A key that the broker does not know is an error with the
// nearest name it does know, because a limit with a typing error would silently not hold.
//
// Every error is a line "FILE:LINE: key: expected ..., found ...", with the line of what the key is
// in if the file does not have it, and no line if it has neither.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/config.h"

namespace ringmq::broker {

// Reads, parses and validates. Keys that are absent keep their defaults; a file with at least
// one [[listeners]] has only those.
[[nodiscard]] absl::StatusOr<Config> LoadConfig(const std::string& path);

// The same for text that is already here; `file_name` is for messages.
[[nodiscard]] absl::StatusOr<Config> ParseConfig(std::string_view file_name, std::string_view text);

// For what went wrong later, in files that the configuration names: puts the place in `path` before
// each line of the message that begins with a key that is there. An empty path: as it is.
[[nodiscard]] absl::Status WithPlaces(const std::string& path, const absl::Status& status);

}  // namespace ringmq::broker
