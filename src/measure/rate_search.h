// Finds the highest rate at which a target still does what is demanded of it, from a few trials:
//
//   climb    from the lowest rate on, each the `factor` of the one before, until one does not hold
//   bisect   between the highest that held and the lowest that did not, until they are no further
//            apart than the tolerance
//
// One hiccup must not decide, and one lucky trial cannot: a rate that does not hold is tried once
// more, and it is the second trial that ends the climb or moves the border down. A trial in which
// the generator was the limit says nothing about the target. So it ends the climb as well, but the
// answer then is "at least".
//
// Pure: whoever runs the trials asks next() and tells what came out.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ringmq::measure {

// Where a climb ends that nothing else ends.
inline constexpr double kSearchRatePerSMax = 1e9;

struct RateSearchOptions {
  double from_per_s = 1'000;
  double to_per_s = kSearchRatePerSMax;  // Nothing above is tried.
  double factor = 2;                     // Above 1.
  double tolerance = 0.05;               // Of the answer, in (0, 1).
};

enum class TrialOutcome : uint8_t { kHolds, kFails, kGeneratorLimited };

struct Trial {
  enum Step : uint8_t { kClimb, kBisect, kRepeat };
  double rate_per_s = 0;
  Step step = kClimb;
};

struct SearchAnswer {
  enum Kind : uint8_t {
    kFound,          // holds_per_s holds, fails_per_s does not.
    kAtLeast,        // holds_per_s holds; at limit_per_s the generator is the limit.
    kHoldsToTheEnd,  // The last rate that was to be tried holds too.
    kNothingHolds,   // Not even the first rate.
    kNotMeasured,    // The generator was the limit at the first rate.
    kStopped,        // Before its end: what held until then held.
  };
  Kind kind = kNotMeasured;
  double holds_per_s = 0;  // The highest that held; zero: none.
  double limit_per_s = 0;  // The lowest that did not; zero: none.
};

// "42.4k/s hold, 44.5k/s do not", "at least 40k/s hold: at 80k/s the generator is the limit"
[[nodiscard]] std::string Describe(const SearchAnswer& answer);

class RateSearch {
 public:
  // Requires: 0 < from_per_s <= to_per_s, factor > 1, 0 < tolerance < 1.
  explicit RateSearch(const RateSearchOptions& options);

  // What to try now; nothing: the search is over.
  [[nodiscard]] std::optional<Trial> next() const { return next_; }

  // What came of next(). Requires: next() has a value.
  void Tell(TrialOutcome outcome);

  // Whoever asks does not want to go on.
  void Stop();

  // Requires: next() has none.
  [[nodiscard]] SearchAnswer answer() const;

 private:
  void Decide(double rate_per_s, TrialOutcome outcome);
  [[nodiscard]] double Between() const;

  RateSearchOptions options_;
  std::optional<Trial> next_;
  bool is_stopped_ = false;
  std::optional<TrialOutcome> first_outcome_;  // Of a rate that is being tried once more.
  double holds_per_s_ = 0;
  double limit_per_s_ = 0;
  bool is_generators_limit_ = false;  // What limit_per_s_ is.
};

struct LatencyAtRate {
  double rate_per_s = 0;
  int64_t latency_ns = 0;
};

// The rate from which on more load costs latency out of proportion: of the curve of latency (as a
// logarithm) over rate, the point that lies farthest beneath the straight line from its first to
// its last. Nothing when there are fewer than three points with a latency, or when the curve has no
// bend worth the name. Requires: rising rates.
[[nodiscard]] std::optional<double> KneeOf(std::span<const LatencyAtRate> curve);

}  // namespace ringmq::measure
