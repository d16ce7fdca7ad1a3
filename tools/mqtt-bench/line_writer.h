// --jsonl-fd: a run as lines of JSON (report/json_lines.h) on a descriptor that somebody else
// reads.
//
// Whoever reads slowly or not at all neither stops nor slows the run: what does not fit into the
// pipe waits here, up to a limit, and lines that do not fit then are dropped and counted.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "onlooker.h"

namespace ringmq::bench {

// A descriptor that is written to whenever that does not block.
class PatientWriter {
 public:
  // What waits at most. The first lines are longer than those that follow.
  static constexpr size_t kWaitingBytesMax = 256 << 10;

  // `fd` stays open.
  explicit PatientWriter(int fd) : fd_(fd) {}

  // Whole lines go or none. False: this one was dropped.
  bool Write(const std::string& line);
  // Waits so long until all has gone.
  void Flush(int timeout_ms);

  [[nodiscard]] uint64_t dropped() const { return dropped_; }
  // Nobody reads any more.
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  // Whether something went, of what waits for at most so long.
  bool WriteSome(int timeout_ms);

  const int fd_;
  std::string waiting_;
  uint64_t dropped_ = 0;
  bool is_broken_ = false;
};

// Whether it is open for writing; else a sentence that says what it is.
[[nodiscard]] std::string WhyNoOutput(int fd);

[[nodiscard]] std::unique_ptr<Onlooker> MakeLineWriter(const Settings& settings,
                                                       const report::Result& known);

}  // namespace ringmq::bench
