// Whether one of two versions is faster, from a handful of runs of each.
//
// Runs on one machine scatter and drift. So nothing is read out of two single numbers: the ratio
// gets an interval by the bootstrap (draw the runs again and again with replacement and see how
// the ratio scatters), and the verdict looks at the whole interval.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ringmq::measure {

enum class Pairing : uint8_t {
  kIndependent,  // Ratio of the medians.
  kPaired        // Run i of both came right after each other: median of the ratios, so that what
                 // slowed both down cancels.
};

struct RatioOptions {
  Pairing pairing = Pairing::kIndependent;
  uint64_t seed = 1;
  uint32_t resamples = 10'000;
  double confidence = 0.95;  // In (0, 1).
};

// Candidate by baseline. Unusable (all zero) when there were fewer than kRunsMin of one, or a
// value that is not above zero, of which no ratio can be made.
struct Ratio {
  double estimate = 0;
  double low = 0;  // The interval has `confidence`; low <= high.
  double high = 0;

  [[nodiscard]] bool usable() const { return low > 0; }
};

// With fewer runs the bootstrap cannot see how far they scatter.
inline constexpr size_t kRunsMin = 5;

// A difference smaller than this is not worth a sentence, even when it is certain.
inline constexpr double kEquivalentWithin = 0.05;

// Requires: with kPaired, as many of the one as of the other.
[[nodiscard]] Ratio MeasureRatio(std::span<const double> baseline,
                                 std::span<const double> candidate, const RatioOptions& options);

// The median of such values, with its interval. Unusable as a Ratio.
[[nodiscard]] Ratio MeasureMedian(std::span<const double> values, const RatioOptions& options);

enum class Direction : uint8_t { kLowerIsBetter, kHigherIsBetter };

struct Comparative {
  enum Kind : uint8_t { kBetter, kWorse, kEquivalent, kCannotTell };
  Kind kind = kCannotTell;
  // "better: -12 % (-15 to -8 %)", "equivalent within ±5 %: ...", "cannot tell: too few runs".
  std::string text;
};

// All of the interval within ±5 % is equivalent; all of it on one side of 1 is better or worse;
// anything else cannot be told.
[[nodiscard]] Comparative Compare(const Ratio& ratio, Direction direction);

// The middle one, or the mean of the two in the middle. Requires: not empty.
[[nodiscard]] double Median(std::span<const double> values);

}  // namespace ringmq::measure
