// SPDX-License-Identifier: Apache-2.0
#include "report/slots.h"

#include <algorithm>
#include <cmath>

namespace ringmq::report {
namespace {

// The sum is divided when all seconds are known.
void Add(double value, uint32_t seconds_before, Spread& spread) {
  spread.least = seconds_before == 0 ? value : std::min(spread.least, value);
  spread.most = std::max(spread.most, value);
  spread.mean += value;
}

// How much of the second ending at `at_s` there was load in: the last one is seldom whole.
double LoadedShare(double at_s, double measure_s) {
  constexpr double kShareMin = 0.05;
  const double share = measure_s - (at_s - 1);
  return share > kShareMin && share < 1 ? share : 1;
}

void Add(const Second& second, double measure_s, Slot& slot) {
  const double share = LoadedShare(second.at_s, measure_s);
  const auto per_s = [share](uint64_t count) { return static_cast<double>(count) / share; };
  Add(per_s(second.offered), slot.seconds, slot.offered_per_s);
  Add(per_s(second.sent), slot.seconds, slot.sent_per_s);
  Add(per_s(second.received), slot.seconds, slot.received_per_s);
  slot.errors += second.errors;
  slot.response_p99_ns = std::max(slot.response_p99_ns, second.response_p99_ns);
  slot.lag_p99_ns = std::max(slot.lag_p99_ns, second.lag_p99_ns);
  slot.broker_rss_bytes = std::max(slot.broker_rss_bytes, second.broker_rss_bytes);
  for (size_t cell = 0; cell < kHeatCells; ++cell) slot.heat[cell] += second.heat[cell];
  ++slot.seconds;
}

}  // namespace

Slots SlotsOf(const Result& result) {
  Slots all;
  if (result.series.empty()) return all;
  all.low_s = result.series.front().at_s - 1;
  const double length_s = std::max(result.series.back().at_s - all.low_s, 1.0);
  all.slot_s = std::max(std::ceil(length_s / kSlotsMax), 1.0);
  const auto count = static_cast<size_t>(std::ceil(length_s / all.slot_s - 1e-6));
  all.high_s = all.low_s + static_cast<double>(count) * all.slot_s;
  all.slots.resize(count);
  for (size_t i = 0; i < count; ++i) {
    all.slots[i].from_s = all.low_s + static_cast<double>(i) * all.slot_s;
    all.slots[i].to_s = all.slots[i].from_s + all.slot_s;
  }
  std::vector<uint32_t> watched(count);
  for (const Second& second : result.series) {
    // A file may hold anything, also seconds without order.
    const double place = (second.at_s - 0.5 - all.low_s) / all.slot_s;
    if (!(place >= 0) || place >= static_cast<double>(count)) continue;
    const auto index = static_cast<size_t>(place);
    Add(second, result.phases.measure_s, all.slots[index]);
    if (second.broker_rss_bytes == 0) continue;
    all.slots[index].broker_cpu_cores += second.broker_cpu_cores;
    ++watched[index];
  }
  for (size_t i = 0; i < count; ++i) {
    Slot& slot = all.slots[i];
    const double seconds = std::max<double>(slot.seconds, 1);
    for (Spread* const spread : {&slot.offered_per_s, &slot.sent_per_s, &slot.received_per_s}) {
      spread->mean /= seconds;
    }
    slot.broker_cpu_cores /= std::max<double>(watched[i], 1);
  }
  return all;
}

}  // namespace ringmq::report
