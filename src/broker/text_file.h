// Reading the small text files of the control plane, all of them written by people and any of
// them possibly broken: bounded in size, never a pipe or a device, line by line.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringmq::broker {

struct TextFile {
  std::string text;
  bool is_readable_by_others = false;  // The permission bit, for files with secrets.
};

// Reads a whole regular file of at most `size_bytes_max`. The error names the path.
[[nodiscard]] absl::StatusOr<TextFile> ReadTextFile(const std::string& path, size_t size_bytes_max);

// Walks over lines. Line ends are "\n" or "\r\n" and are not part of the line; a last line
// without an end counts. Views point into the text that was passed in.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // Moves to the next line; false at the end.
  [[nodiscard]] bool Next();

  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] size_t line_number() const { return line_number_; }  // From 1.

 private:
  std::string_view rest_;
  std::string_view line_;
  size_t line_number_ = 0;
};

// "FILE:LINE: message", as an error about a line of a file.
[[nodiscard]] absl::Status LineError(std::string_view file, size_t line_number,
                                     std::string_view message);

// Text from a file as it may stand in a message: cut to a readable length, control characters
// and quotes escaped, in quotes.
[[nodiscard]] std::string Quote(std::string_view text);

// Without blanks and tabs at both ends.
[[nodiscard]] std::string_view Trim(std::string_view text);

}  // namespace ringmq::broker
