// What a parcel costs on its way to another core: lane alone, one thread.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "mesh/mesh.h"

namespace ringmq::mesh {
namespace {

void PushAndDrain(benchmark::State& state) {
  Lane<uint64_t> lane(4096);
  const auto batch = static_cast<uint64_t>(state.range(0));
  uint64_t sum = 0;
  for (auto _ : state) {
    for (uint64_t i = 0; i < batch; ++i) benchmark::DoNotOptimize(lane.TryPush(uint64_t{i}));
    lane.Drain(SIZE_MAX, [&](uint64_t&& item) { sum += item; });
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
  state.counters["checksum"] = static_cast<double>(sum % 1000);
}
BENCHMARK(PushAndDrain)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace ringmq::mesh
