// Two sets of runs side by side: what got better, what got worse, what nobody can tell.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "measure/paired.h"
#include "report/columns.h"
#include "report/result.h"

namespace ringmq::report {

// One figure of both sides. Only figures that every run has are compared.
struct Compared {
  std::string name;  // "received per s", "p99 response"
  std::string baseline;
  std::string candidate;  // Medians, with their unit.
  measure::Ratio ratio;   // Candidate by baseline.
  measure::Comparative verdict;
};

struct Comparison {
  std::vector<Compared> figures;
  // Why the sides cannot be compared fairly: what they were asked for differs, or a run is not
  // valid. Sentences; empty: they can.
  std::vector<std::string> doubts;
  size_t runs = 0;
  size_t invalid_runs = 0;
  // Invalid runs are allowed; without, nothing is concluded if there is one.
  bool allows_invalid = false;

  [[nodiscard]] bool is_conclusive() const { return invalid_runs == 0 || allows_invalid; }
  // What invalid runs mean for the figures; empty: there are none.
  [[nodiscard]] std::string warning() const;
  [[nodiscard]] bool has_worse() const;
};

enum class OfInvalid : uint8_t { kConcludeNothing, kAllow };

// Without a conclusion every figure is "cannot tell". Requires: neither is empty; with kPaired, as
// many of the one as of the other.
[[nodiscard]] Comparison CompareResults(std::span<const Result> baseline,
                                        std::span<const Result> candidate, measure::Pairing pairing,
                                        OfInvalid of_invalid = OfInvalid::kConcludeNothing);

// A table for a terminal.
[[nodiscard]] std::string ComparisonText(const Comparison& comparison, Colour colour);

}  // namespace ringmq::report
