// How long things took: a log-linear histogram of nanoseconds from 1 us to 1 h in which any value
// is known to one part in a thousand, at a fixed cost in memory and a few instructions a value.
//
// Buckets: below 2048 ns each nanosecond is its own; from there every doubling is cut into 1024
// equal parts, so a bucket is never wider than 1/1024 of its low end. Everything below 1 us shares
// the first bucket, everything above 1 h the last.
//
// One thread owns a histogram. Threads keep their own and somebody merges them when they stop or
// hand over; a percentile of merged counts is exact in the same sense, a merged percentile is not.
//
// Memory (260 kB) is taken on the first Record, so that metrics which never occur cost nothing.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace ringmq::measure {

class Histogram {
 public:
  static constexpr int64_t kLowestNs = 1'000;
  static constexpr int64_t kHighestNs = 3'600'000'000'000;

  // A percentile is believed when this many samples lie beyond it.
  static constexpr uint64_t kSupportingSamples = 100;

  // Counts `times` samples of `ns`. A negative time (clocks that disagree, or a bug) is no latency:
  // it is counted apart, so that it can be shown instead of improving the result.
  // Requires: times > 0.
  void Record(int64_t ns, uint64_t times = 1) {
    if (ns < 0 || counts_.empty()) [[unlikely]] {
      if (!Prepare(ns, times)) return;
    }
    counts_[IndexOf(ns)] += times;
    count_ += times;
    sum_ns_ += static_cast<unsigned __int128>(ns) * times;
    min_ns_ = std::min(min_ns_, ns);
    max_ns_ = std::max(max_ns_, ns);
    if (ns > kHighestNs) [[unlikely]] {
      saturated_ += times;
    }
  }

  void Merge(const Histogram& other);

  // The samples that came since `before` was a copy of this one: merged into it, they make this one
  // again. Requires: it was, and there was no Clear() since.
  [[nodiscard]] Histogram Since(const Histogram& before) const;

  // Forgets the samples and keeps the memory.
  void Clear();

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t negative() const { return negative_; }    // Not part of count().
  [[nodiscard]] uint64_t saturated() const { return saturated_; }  // Part of count(): above 1 h.

  // Exact, also outside of the range of the buckets; zero when nothing was recorded.
  [[nodiscard]] int64_t min() const { return count_ == 0 ? 0 : min_ns_; }
  [[nodiscard]] int64_t max() const { return max_ns_; }
  [[nodiscard]] double mean() const;

  // The least value, at the precision of the buckets, that at least `percentile` per cent of the
  // samples do not exceed. It errs upwards by at most 1/1024 and never leaves [min(), max()].
  // 0 gives min(), 100 gives max(). Zero when nothing was recorded.
  [[nodiscard]] int64_t ValueAtPercentile(double percentile) const;

  // Whether there are enough samples to print that percentile: with n samples,
  //   p >= 100      n >= 1    (the maximum is a fact, not an estimate)
  //   50 < p < 100  n * (100 - p) / 100 >= kSupportingSamples
  //   p <= 50       n >= kSupportingSamples
  [[nodiscard]] bool Supports(double percentile) const;

  // Samples in the buckets whose low end lies in [low_ns, high_ns]. Ranges that share no time
  // share no sample, so adjacent ranges add up.
  [[nodiscard]] uint64_t CountBetween(int64_t low_ns, int64_t high_ns) const;

  // Visits the buckets that hold something, shortest first; both ends belong to the bucket.
  void ForEachBucket(
      absl::FunctionRef<void(int64_t low_ns, int64_t high_ns, uint64_t count)> visit) const;

  // A line of printable text without spaces or quotes, for a result file:
  //
  //   h1;min;max;sum_high;sum_low;negative;saturated;gap:count,gap,gap:count
  //
  // All numbers decimal, times in ns, the sum cut into two 64-bit halves. A bucket is given by its
  // distance from the one before it (the first: from bucket 0); a count of 1 is left out.
  [[nodiscard]] std::string Encode() const;

  // The inverse. The text comes from a file, so any content is legal to pass.
  [[nodiscard]] static absl::StatusOr<Histogram> Decode(std::string_view text);

 private:
  static constexpr int kSubBucketBits = 10;

  // Requires: ns >= 0.
  static constexpr size_t IndexOf(int64_t ns) {
    const auto value = static_cast<uint64_t>(std::clamp(ns, kLowestNs - 1, kHighestNs));
    const int width = static_cast<int>(std::bit_width(value | (uint64_t{1} << kSubBucketBits)));
    const int shift = width - 1 - kSubBucketBits;
    return (static_cast<size_t>(shift) << kSubBucketBits) + (value >> shift) -
           static_cast<size_t>(kLowestNs - 1);
  }
  static constexpr int64_t LowOf(size_t index);
  static constexpr int64_t HighOf(size_t index);
  static const size_t kBuckets;

  // Returns false when the sample was dealt with.
  bool Prepare(int64_t ns, uint64_t times);
  absl::Status DecodeBuckets(std::string_view text);

  std::vector<uint64_t> counts_;  // Empty until the first sample.
  uint64_t count_ = 0;
  unsigned __int128 sum_ns_ = 0;  // A day of 10 s latencies at 1 M/s does not fit in 64 bits.
  int64_t min_ns_ = INT64_MAX;
  int64_t max_ns_ = 0;
  uint64_t negative_ = 0;
  uint64_t saturated_ = 0;
};

}  // namespace ringmq::measure
