// SPDX-License-Identifier: Apache-2.0
#include "measure/histogram.h"

#include <array>
#include <cmath>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "measure/text.h"

namespace ringmq::measure {

constexpr int64_t Histogram::LowOf(size_t index) {
  if (index == 0) return 0;
  const uint64_t raw = index + static_cast<uint64_t>(kLowestNs - 1);
  if (raw < uint64_t{2} << kSubBucketBits) return static_cast<int64_t>(raw);
  const uint64_t shift = (raw >> kSubBucketBits) - 1;
  return static_cast<int64_t>((raw - (shift << kSubBucketBits)) << shift);
}

constexpr int64_t Histogram::HighOf(size_t index) { return LowOf(index + 1) - 1; }

constexpr size_t Histogram::kBuckets = IndexOf(kHighestNs) + 1;

bool Histogram::Prepare(int64_t ns, uint64_t times) {
  if (ns < 0) {
    negative_ += times;
    return false;
  }
  counts_.resize(kBuckets);
  return true;
}

void Histogram::Merge(const Histogram& other) {
  negative_ += other.negative_;
  if (other.count_ == 0) return;
  if (counts_.empty()) counts_.resize(kBuckets);
  const size_t last = IndexOf(other.max_ns_);
  for (size_t i = IndexOf(other.min_ns_); i <= last; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  min_ns_ = std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
  saturated_ += other.saturated_;
}

Histogram Histogram::Since(const Histogram& before) const {
  Histogram news;
  news.negative_ = negative_ - before.negative_;
  news.count_ = count_ - before.count_;
  if (news.count_ == 0) return news;
  news.counts_ = counts_;
  if (before.count_ > 0) {
    const size_t end = IndexOf(before.max_ns_);
    for (size_t i = IndexOf(before.min_ns_); i <= end; ++i) news.counts_[i] -= before.counts_[i];
  }
  size_t first = IndexOf(min_ns_);
  while (news.counts_[first] == 0) ++first;
  size_t last = IndexOf(max_ns_);
  while (news.counts_[last] == 0) --last;
  // An end that is not new is known as exactly as its bucket.
  news.min_ns_ = min_ns_ < before.min_ns_ ? min_ns_ : std::max(LowOf(first), min_ns_);
  news.max_ns_ = max_ns_ > before.max_ns_ ? max_ns_ : std::min(HighOf(last), max_ns_);
  news.sum_ns_ = sum_ns_ - before.sum_ns_;
  news.saturated_ = saturated_ - before.saturated_;
  return news;
}

void Histogram::Clear() {
  if (count_ > 0) {
    const auto first = counts_.begin();
    std::fill(first + static_cast<ptrdiff_t>(IndexOf(min_ns_)),
              first + static_cast<ptrdiff_t>(IndexOf(max_ns_)) + 1, 0);
  }
  count_ = 0;
  sum_ns_ = 0;
  min_ns_ = INT64_MAX;
  max_ns_ = 0;
  negative_ = 0;
  saturated_ = 0;
}

double Histogram::mean() const {
  if (count_ == 0) return 0;
  return static_cast<double>(sum_ns_) / static_cast<double>(count_);
}

int64_t Histogram::ValueAtPercentile(double percentile) const {
  if (count_ == 0) return 0;
  if (percentile <= 0) return min_ns_;
  if (percentile >= 100) return max_ns_;
  // 99.9 has no exact double: without the small change 99.9 % of 1000 would be sample 1000.
  const double exact = percentile / 100 * static_cast<double>(count_);
  const auto rank = static_cast<uint64_t>(std::ceil(exact - exact * 1e-12));
  uint64_t seen = 0;
  const size_t last = IndexOf(max_ns_);
  for (size_t i = IndexOf(min_ns_); i < last; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::clamp(HighOf(i), min_ns_, max_ns_);
  }
  return max_ns_;
}

bool Histogram::Supports(double percentile) const {
  if (percentile >= 100) return count_ > 0;
  if (percentile <= 50) return count_ >= kSupportingSamples;
  // The same small change: 100000 samples do support 99.9.
  const double beyond = static_cast<double>(count_) * (100 - percentile) / 100;
  return beyond * (1 + 1e-9) >= static_cast<double>(kSupportingSamples);
}

uint64_t Histogram::CountBetween(int64_t low_ns, int64_t high_ns) const {
  if (count_ == 0 || high_ns < low_ns || high_ns < 0) return 0;
  size_t first = IndexOf(std::max<int64_t>(low_ns, 0));
  if (LowOf(first) < low_ns) ++first;
  const size_t last = std::min(IndexOf(high_ns), IndexOf(max_ns_));
  uint64_t sum = 0;
  for (size_t i = std::max(first, IndexOf(min_ns_)); i <= last; ++i) sum += counts_[i];
  return sum;
}

void Histogram::ForEachBucket(absl::FunctionRef<void(int64_t, int64_t, uint64_t)> visit) const {
  if (count_ == 0) return;
  const size_t last = IndexOf(max_ns_);
  for (size_t i = IndexOf(min_ns_); i <= last; ++i) {
    if (counts_[i] == 0) continue;
    // The last bucket has no end of its own.
    visit(LowOf(i), i + 1 == kBuckets ? std::max(HighOf(i), max_ns_) : HighOf(i), counts_[i]);
  }
}

std::string Histogram::Encode() const {
  std::string text =
      absl::StrCat("h1;", min(), ";", max_ns_, ";", static_cast<uint64_t>(sum_ns_ >> 64), ";",
                   static_cast<uint64_t>(sum_ns_), ";", negative_, ";", saturated_, ";");
  if (count_ == 0) return text;
  size_t previous = 0;
  const char* separator = "";
  const size_t last = IndexOf(max_ns_);
  for (size_t i = IndexOf(min_ns_); i <= last; ++i) {
    if (counts_[i] == 0) continue;
    absl::StrAppend(&text, separator, i - previous);
    if (counts_[i] != 1) absl::StrAppend(&text, ":", counts_[i]);
    previous = i;
    separator = ",";
  }
  return text;
}

namespace {

absl::Status Bad(std::string_view bucket, const char* complaint) {
  return absl::InvalidArgumentError("histogram: '" + std::string(bucket) + complaint);
}

}  // namespace

absl::Status Histogram::DecodeBuckets(std::string_view text) {
  if (text.empty()) return absl::OkStatus();
  counts_.resize(kBuckets);
  size_t index = 0;
  while (!text.empty()) {
    std::string_view times_text = TakeUntil(',', text);
    const std::string_view bucket = times_text;
    const std::optional<uint64_t> gap = ParseNumber<uint64_t>(TakeUntil(':', times_text));
    std::optional<uint64_t> times = 1;
    if (!times_text.empty()) times = ParseNumber<uint64_t>(times_text);
    if (!gap || !times) return Bad(bucket, "' is not gap:count");
    const bool repeated = *gap == 0 && count_ > 0;
    if (repeated || *times == 0 || *gap >= kBuckets - index || *times > UINT64_MAX - count_) {
      return Bad(bucket, "' leads out of range");
    }
    index += *gap;
    counts_[index] = *times;
    count_ += *times;
  }
  return absl::OkStatus();
}

absl::StatusOr<Histogram> Histogram::Decode(std::string_view text) {
  bool sound = TakeUntil(';', text) == "h1";
  std::array<uint64_t, 6> header{};
  for (uint64_t& field : header) {
    const std::optional<uint64_t> value = ParseNumber<uint64_t>(TakeUntil(';', text));
    sound = sound && value.has_value();
    field = value.value_or(0);
  }
  if (!sound || header[0] > INT64_MAX || header[1] > INT64_MAX) {
    return absl::InvalidArgumentError("histogram: text does not begin like 'h1;0;0;0;0;0;0;'");
  }
  Histogram histogram;
  if (absl::Status status = histogram.DecodeBuckets(text); !status.ok()) return status;
  histogram.negative_ = header[4];
  if (histogram.count_ == 0) return histogram;

  histogram.min_ns_ = static_cast<int64_t>(header[0]);
  histogram.max_ns_ = static_cast<int64_t>(header[1]);
  histogram.sum_ns_ = static_cast<unsigned __int128>(header[2]) << 64 | header[3];
  histogram.saturated_ = header[5];
  // All walks start at the bucket of min() and end at that of max(), so these two have to hold
  // something and nothing may lie outside.
  const std::vector<uint64_t>& counts = histogram.counts_;
  const auto is_used = [](uint64_t count) { return count != 0; };
  const auto first = std::find_if(counts.begin(), counts.end(), is_used) - counts.begin();
  const auto last = counts.rend() - std::find_if(counts.rbegin(), counts.rend(), is_used) - 1;
  if (static_cast<size_t>(first) != IndexOf(histogram.min_ns_) ||
      static_cast<size_t>(last) != IndexOf(histogram.max_ns_) ||
      histogram.saturated_ > counts.back()) {
    return absl::InvalidArgumentError("histogram: least and greatest value contradict the counts");
  }
  return histogram;
}

}  // namespace ringmq::measure
