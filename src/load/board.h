// Where the threads of a run show once a second what they have measured so far, for whoever looks
// on while it runs.
//
// A thread copies its findings when a second is over, under a lock that is its own but for the
// moment in which the director reads. If nobody looks on, not even that.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/function_ref.h"
#include "load/findings.h"

namespace ringmq::load {

struct Posting {
  int64_t at_ns = 0;  // When it was copied; zero: never.
  Tally tally;
};

class Board {
 public:
  explicit Board(uint32_t threads);

  // Before the threads begin: somebody looks on.
  void Open() { is_open_ = true; }
  [[nodiscard]] bool is_open() const { return is_open_; }

  // On the thread `part`.
  void Post(uint32_t part, const Tally& tally, int64_t now_ns);
  // When the thread whose posting is the oldest made it; zero: one has none yet.
  [[nodiscard]] int64_t oldest_ns() const;
  // One thread's after the other's.
  void ForEach(absl::FunctionRef<void(uint32_t part, const Posting& posting)> look) const;

 private:
  struct Slot {
    mutable std::mutex mutex;
    Posting posting;
  };

  bool is_open_ = false;  // Constant while threads run.
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace ringmq::load
