// SPDX-License-Identifier: Apache-2.0
#include "load/unblock.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace ringmq::load {
namespace {

// What has not moved for so long is lost.
constexpr int64_t kStillNs = 1'000'000'000;

bool CanBlock(const Plan& plan) { return plan.rate_per_s == 0 && plan.qos == Qos::kAtMostOnce; }

}  // namespace

bool Unblocker::IsNeeded(Phase phase) const {
  return CanBlock(plan_) && (phase == Phase::kWarmup || phase == Phase::kMeasure);
}

void Unblocker::Look(Phase phase, const Tick& now, int64_t now_ns) {
  const uint64_t moved = now.sent + now.received;
  if (std::exchange(moved_, moved) != moved || moved_ns_ == 0) moved_ns_ = now_ns;
  if (now_ns - moved_ns_ < kStillNs || now.sent == 0) return;
  moved_ns_ = now_ns;  // What is done now takes its time.
  Clockwork& clockwork = shared_.clockwork;
  if (plan_.watches_flows()) {
    clockwork.nudges.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const int64_t unseen = clockwork.on_their_way.load(std::memory_order_relaxed);
  if (unseen <= 0) return;
  clockwork.on_their_way.fetch_sub(unseen, std::memory_order_relaxed);
  if (phase == Phase::kMeasure) clockwork.write_offs.fetch_add(1, std::memory_order_relaxed);
}

void ConcludeBlocked(const Plan& plan, const Shared& shared, Outcome& outcome) {
  if (!CanBlock(plan) || plan.watches_flows()) return;
  if (outcome.findings.integrity.lost_permitted > 0) {
    outcome.notes.emplace_back(
        "What was lost stayed in the window, for nobody looked for gaps, so that the rates are too "
        "low: stamps and --verify full see them, and with a --rate there is no window.");
  }
  const uint32_t times = shared.clockwork.write_offs.load(std::memory_order_relaxed);
  if (times == 0 || !outcome.verdict.is_valid()) return;
  outcome.verdict = {measure::Verdict::kGeneratorLimited,
                     absl::StrCat("INVALID, generator-limited (lost messages filled the window "
                                  "unseen, and nothing moved until it was given up: ",
                                  times, times == 1 ? " time)" : " times)")};
}

}  // namespace ringmq::load
