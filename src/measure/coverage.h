// Whether a run measured all that it was to measure, and the sentence that says what is missing.
//
// Comes before any other verdict: figures of a part, or of nothing, say nothing of the whole,
// however punctual the tool was.
//
//   not measured    there is nothing to look at: nobody could connect, nothing came
//   incomplete      there are figures, but not of all who were to take part all the time
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "measure/verdict.h"

namespace ringmq::measure {

struct RunCoverage {
  uint64_t clients = 0;  // That were to connect,
  uint64_t connected = 0;
  std::string failure;        // and why the first that did not could not; empty: nobody knows.
  bool has_begun = true;      // What was to be done by those who are connected.
  bool are_connects = false;  // Connecting itself is measured.
  bool was_interrupted = false;
  uint64_t failed_later = 0;  // Connects of clients that return, or come and go.
  uint64_t lost = 0;          // Connections that were to stay and did not.
  double lost_at_s = 0;       // The first, since the measured phase began; below zero: before.
  std::string loss;           // Why.
  double measured_s = 0;
  // Of the measured phase. Nothing: the run has none.
  std::optional<uint64_t> sent;
  std::optional<uint64_t> acked;
  std::optional<uint64_t> received;
  std::optional<uint64_t> connects_due;
};

// Nothing: the run covers what it was to cover.
[[nodiscard]] std::optional<Verdict> FindGap(const RunCoverage& coverage);

}  // namespace ringmq::measure
