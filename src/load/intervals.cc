// SPDX-License-Identifier: Apache-2.0
#include "load/intervals.h"

#include <algorithm>
#include <utility>

namespace ringmq::load {
namespace {

using report::Metric;

constexpr int64_t kSecondNs = 1'000'000'000;

struct Kept {
  Metric metric;
  measure::Histogram Tally::*histogram;
};
constexpr Kept kKept[] = {{Metric::kResponse, &Tally::response},
                          {Metric::kService, &Tally::service},
                          {Metric::kAck, &Tally::ack},
                          {Metric::kSendLag, &Tally::lag}};

}  // namespace

Intervals::Intervals(uint32_t first, uint32_t count, double warmup_s)
    : first_(first), warmup_s_(warmup_s), seen_(count) {
  static_assert(std::size(kKept) == kMetrics);
}

void Intervals::Take(const Board& board, int64_t load_start_ns) {
  // Copied first, so that no thread waits while it is looked at.
  std::vector<std::pair<uint32_t, Posting>> fresh;
  board.ForEach([&](uint32_t part, const Posting& posting) {
    if (part < first_ || part - first_ >= seen_.size()) return;
    if (posting.at_ns != seen_[part - first_].at_ns) fresh.emplace_back(part - first_, posting);
  });
  for (const auto& [thread, posting] : fresh) {
    Seen& seen = seen_[thread];
    // A thread posts when a second is over.
    seen.index = (posting.at_ns - load_start_ns) / kSecondNs - 1;
    seen.at_ns = posting.at_ns;
    Each now = Of(posting.tally);
    Each& second = open_[std::max<int64_t>(seen.index, 0)];
    for (size_t i = 0; i < kMetrics; ++i) second[i].Merge(now[i].Since(seen.histograms[i]));
    seen.histograms = std::move(now);
  }
  const auto slowest = std::ranges::min_element(seen_, {}, &Seen::index);
  if (slowest != seen_.end()) EncodeBefore(slowest->index + 1);
}

std::vector<report::Interval> Intervals::Finish(const Tally& all, int64_t load_start_ns,
                                                int64_t now_ns) {
  Each posted;
  int64_t last = 0;
  for (const Seen& seen : seen_) {
    last = std::max(last, seen.index);
    for (size_t i = 0; i < kMetrics; ++i) posted[i].Merge(seen.histograms[i]);
  }
  const Each whole = Of(all);
  Each& second = open_[std::max(last, (now_ns - load_start_ns) / kSecondNs)];
  for (size_t i = 0; i < kMetrics; ++i) second[i].Merge(whole[i].Since(posted[i]));
  EncodeBefore(INT64_MAX);
  return std::move(encoded_);
}

Intervals::Each Intervals::Of(const Tally& tally) {
  Each each;
  for (size_t i = 0; i < kMetrics; ++i) each[i] = tally.*(kKept[i].histogram);
  return each;
}

void Intervals::EncodeBefore(int64_t index) {
  while (!open_.empty() && open_.begin()->first < index) {
    const auto second = open_.extract(open_.begin());
    report::Interval interval = {.at_s = static_cast<double>(second.key() + 1) - warmup_s_};
    bool is_empty = true;
    for (size_t i = 0; i < kMetrics; ++i) {
      const measure::Histogram& histogram = second.mapped()[i];
      if (histogram.count() + histogram.negative() == 0) continue;
      interval.histograms[kKept[i].metric] = histogram.Encode();
      is_empty = false;
    }
    if (!is_empty) encoded_.push_back(std::move(interval));
  }
}

}  // namespace ringmq::load
