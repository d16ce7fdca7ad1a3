// Where `pub` and `rr` get payloads from: an argument, a file, all of the standard input, or its
// lines as they come.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ringmq/bytes.h"
#include "ringmq/expected.h"
#include "settings.h"

namespace ringmq::cli {

// MQTT carries no more than this in one packet. 5.0 s2.1.4
inline constexpr size_t kPayloadBytesMax = 268'435'455;

// The one payload of -m, -f, -s or -n. Requires: the source is one of these. Blocks while it reads.
[[nodiscard]] Expected<SharedBytes> ReadPayload(const PublishSettings& settings);

// Cuts what is read into lines, without their ends. The last one may lack its end.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  // A line that was read already; empty: none is complete.
  [[nodiscard]] std::optional<std::string> Next();
  // Reads once. Requires: the descriptor is readable, or blocking is fine.
  [[nodiscard]] Expected<void> Read();
  // Nothing more will come from Next().
  [[nodiscard]] bool is_done() const { return has_ended_ && at_ == bytes_.size(); }
  // Next() has nothing until Read() was called.
  [[nodiscard]] bool needs_input() const;

 private:
  int fd_;
  std::string bytes_{};
  size_t at_ = 0;        // Where the next line begins.
  size_t searched_ = 0;  // Up to here there is no further end of line.
  bool has_ended_ = false;
};

}  // namespace ringmq::cli
