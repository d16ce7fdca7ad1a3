// SPDX-License-Identifier: Apache-2.0
#include "load/tick.h"

#include <algorithm>
#include <utility>

namespace ringmq::load {

Quantiles QuantilesOf(const measure::Histogram& histogram) {
  const auto at = [&histogram](double percentile) -> std::optional<int64_t> {
    if (!histogram.Supports(percentile)) return std::nullopt;
    return histogram.ValueAtPercentile(percentile);
  };
  return {.p50_ns = at(50), .p99_ns = at(99), .p999_ns = at(99.9), .max_ns = at(100)};
}

Lookout::Lookout(const Plan& plan, double measure_s, const Shared& shared)
    : plan_(plan),
      measure_s_(measure_s),
      shared_(shared),
      connections_(plan.early_connections()),
      deliveries_each_(plan.publishers > 0 ? plan.DeliveriesOf(0) : 0),
      knows_missing_(plan.watches_flows() &&
                     std::none_of(plan.roles.begin(), plan.roles.end(),
                                  [](const Role& role) { return role.is_shared; })),
      marks_(plan.threads) {
  so_far_.has_flows = plan.watches_flows();
  so_far_.has_stamps = plan.stamp_place != StampPlace::kNowhere && plan.verify != Verify::kOff;
}

Tick Lookout::Count() const {
  Tick tick;
  tick.connections = connections_;
  for (const auto& progress : shared_.progress) {
    const auto add = [&progress](uint64_t& sum, const std::atomic<uint64_t> Progress::*count) {
      sum += (progress.*count).load(std::memory_order_relaxed);
    };
    add(tick.connected, &Progress::connected);
    add(tick.failed, &Progress::failed);
    add(tick.dropped, &Progress::dropped);
    add(tick.refusals, &Progress::refusals);
    add(tick.reconnects, &Progress::reconnects);
    add(tick.given_up, &Progress::given_up);
    add(tick.unpromised, &Progress::unpromised);
    // In this order, so that none of a thread's counts is ahead of what it follows from.
    add(tick.received, &Progress::received);
    add(tick.acked, &Progress::acked);
    add(tick.sent, &Progress::sent);
    add(tick.offered, &Progress::offered);
  }
  if (plan_.rate_per_s == 0) tick.offered = tick.sent;
  return tick;
}

uint64_t Lookout::DeliveriesOf(uint64_t sent) const {
  if (plan_.has_one_audience()) return sent * deliveries_each_;
  uint64_t deliveries = 0;
  for (uint32_t i = 0; i < plan_.publishers; ++i) {
    deliveries += shared_.published[i].load(std::memory_order_relaxed) * plan_.deliveries_of(i);
  }
  return deliveries;
}

Tick Lookout::Look() {
  Update();
  Tick tick = Count();
  tick.so_far = so_far_;
  // Without subscribers a message is on its way until it is acknowledged.
  const bool until_acked =
      plan_.has_one_audience() && deliveries_each_ == 0 && plan_.qos != Qos::kAtMostOnce;
  const uint64_t due = until_acked ? tick.sent : DeliveriesOf(tick.sent);
  const uint64_t done = until_acked ? tick.acked + tick.given_up
                                    : tick.received + tick.unpromised + so_far_.missing.value_or(0);
  tick.in_flight = due > done ? due - done : 0;
  return tick;
}

// Once every thread has posted anew.
void Lookout::Update() {
  const int64_t oldest_ns = shared_.board.oldest_ns();
  if (oldest_ns == posted_ns_) return;
  posted_ns_ = oldest_ns;
  const int64_t start_ns = shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed);
  const double measured_s =
      std::clamp(static_cast<double>(oldest_ns - start_ns) * 1e-9, 0.0, measure_s_);
  Tally all;
  Busiest busiest;
  shared_.board.ForEach([&](uint32_t part, const Posting& posting) {
    all.Merge(posting.tally);
    busiest = BusiestOf(part, posting, busiest);
  });
  so_far_.response = QuantilesOf(all.response);
  so_far_.service = QuantilesOf(all.service);
  so_far_.lag = QuantilesOf(all.lag);
  so_far_.integrity = all.integrity;
  if (knows_missing_) so_far_.missing = all.missing;
  so_far_.busiest = busiest;
  so_far_.backlog_share =
      all.turns == 0 ? 0
                     : static_cast<double>(all.backlogged_turns) / static_cast<double>(all.turns);
  // What shorter times say of a rate is noise.
  constexpr double kJudgedSecondsMin = 0.5;
  if (measured_s >= std::min(kJudgedSecondsMin, measure_s_) && measured_s > 0) {
    so_far_.verdict = JudgeTally(all,
                                 {.rate_per_s = plan_.rate_per_s,
                                  .measured_s = measured_s,
                                  .lag_allowed_ns = plan_.lag_allowed_ns},
                                 busiest);
  }
}

// The busier of `so_far` and this thread since it posted before.
Busiest Lookout::BusiestOf(uint32_t part, const Posting& posting, Busiest so_far) {
  const Mark now = {.at_ns = posting.at_ns, .busy_ns = posting.tally.busy_ns()};
  const Mark before = std::exchange(marks_[part], now);
  if (before.at_ns == 0 || now.at_ns <= before.at_ns) return so_far;
  const double share = static_cast<double>(now.busy_ns - before.busy_ns) /
                       static_cast<double>(now.at_ns - before.at_ns);
  if (share <= so_far.share) return so_far;
  return {.share = std::min(share, 1.0), .thread = part};
}

}  // namespace ringmq::load
