// SPDX-License-Identifier: Apache-2.0
#include "load/others.h"

namespace ringmq::load {

void Others::Observe(size_t subscriber, const measure::Stamp& stamp, bool is_promised,
                     measure::IntegrityCounts& counts) {
  using measure::FlowVerdict;
  const Key key{.subscriber = subscriber, .run = stamp.run, .publisher = stamp.publisher};
  auto found = flows_.find(key);
  if (found == flows_.end()) {
    if (flows_.size() >= kFlowsMax) {
      ++counts.received;
      return;
    }
    found = flows_.emplace(key, Flow{.first = stamp.sequence, .window = {}}).first;
  }
  Flow& flow = found->second;
  if (stamp.sequence < flow.first) {  // Nobody knows whether it came before the first one, too.
    counts.Add(FlowVerdict::kTooOldToTell);
    return;
  }
  const uint64_t number = stamp.sequence - flow.first;
  const uint64_t next = flow.window.next();
  const FlowVerdict verdict = flow.window.Observe(number);
  counts.Add(verdict);
  uint64_t& lost = is_promised ? counts.lost : counts.lost_permitted;
  if (verdict == FlowVerdict::kInOrder) lost += number - next;
  if (verdict == FlowVerdict::kReordered && lost > 0) --lost;
}

void Others::Forget(size_t subscriber) {
  absl::erase_if(flows_,
                 [subscriber](const auto& flow) { return flow.first.subscriber == subscriber; });
}

int64_t Others::LatencyNs(int64_t due_ns, int64_t now_ns) {
  constexpr int64_t kMaxNs = int64_t{3600} * 1'000'000'000;  // As far as a histogram reaches.
  const int64_t latency_ns = now_ns - due_ns;
  return latency_ns > kMaxNs ? -1 : latency_ns;
}

}  // namespace ringmq::load
