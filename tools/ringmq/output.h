// Prints messages to the standard output, as the settings say.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "conversation.h"
#include "format.h"
#include "settings.h"

namespace ringmq::cli {

class Output {
 public:
  // Requires: the format was parsed before, with success. All outlive it.
  Output(const OutputSettings& settings, const Reporter& reporter);

  // Appends to what waits; nothing is written yet.
  void Print(const Printable& message);
  // Writes what waits, all of it. False: nobody reads any more, or the disk is full.
  [[nodiscard]] bool Flush();
  // Flush() failed for another reason than that the reader has left, and has said so.
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  [[nodiscard]] size_t pending_bytes() const { return pending_.size(); }

 private:
  const OutputSettings& settings_;
  const Reporter& reporter_;
  Format format_;
  std::string pending_{};
  bool has_failed_ = false;
};

[[nodiscard]] Printable PrintableOf(const Message& message);

}  // namespace ringmq::cli
