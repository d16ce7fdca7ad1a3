// What finding the receivers of a topic costs: 10, 10,000 and 1,000,000 filters; exact, "+" and
// "#"; with and without the match cache. And a scan of 100,000 retained messages.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "routing/retained.h"
#include "routing/router.h"

namespace ringmq::routing {
namespace {

enum class Kind { kExact, kPlus, kHash };

std::string FilterOf(Kind kind, int64_t i) {
  const std::string name = "plant/" + std::to_string(i / 100) + "/";
  switch (kind) {
    case Kind::kExact:
      return name + std::to_string(i % 100) + "/temp";
    case Kind::kPlus:
      return "+/" + std::to_string(i / 100) + "/" + std::to_string(i % 100) + "/temp";
    case Kind::kHash:
      return name + std::to_string(i % 100) + "/#";
  }
  return {};
}

void Resolve(benchmark::State& state, Kind kind, uint32_t cache_entries) {
  Router::Options options;
  options.match_cache_entries_max = cache_entries;
  Router router(options);
  for (int64_t i = 0; i < state.range(0); ++i) {
    SubscriptionRequest request;
    const std::string filter = FilterOf(kind, i);
    request.filter = filter;
    (void)router.Subscribe(static_cast<SubscriberId>(1 + i), request);
  }
  std::vector<std::string> topics;
  for (int64_t i = 0; i < 64; ++i) {
    const int64_t n = i * 7919 % state.range(0);
    topics.push_back("plant/" + std::to_string(n / 100) + "/" + std::to_string(n % 100) + "/temp");
  }
  size_t next = 0;
  uint64_t receivers = 0;
  for (auto _ : state) receivers += router.Resolve(topics[next++ % topics.size()]).receivers.size();
  state.counters["receivers"] =
      benchmark::Counter(static_cast<double>(receivers), benchmark::Counter::kAvgIterations);
}

// A million filters take a second to subscribe: a fixed number of look-ups, so that it is done
// once.
constexpr int64_t kLookUps = 20'000;

BENCHMARK_CAPTURE(Resolve, exact, Kind::kExact, 0)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(Resolve, plus, Kind::kPlus, 0)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(Resolve, hash, Kind::kHash, 0)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(Resolve, cached, Kind::kExact, 16'384)->Arg(10)->Arg(10'000);
BENCHMARK_CAPTURE(Resolve, exact, Kind::kExact, 0)->Arg(1'000'000)->Iterations(kLookUps);
BENCHMARK_CAPTURE(Resolve, plus, Kind::kPlus, 0)->Arg(1'000'000)->Iterations(kLookUps);
BENCHMARK_CAPTURE(Resolve, hash, Kind::kHash, 0)->Arg(1'000'000)->Iterations(kLookUps);
BENCHMARK_CAPTURE(Resolve, cached, Kind::kExact, 16'384)->Arg(1'000'000)->Iterations(kLookUps);

void RetainedScan(benchmark::State& state) {
  RetainedStore store;
  for (int i = 0; i < 100'000; ++i) {
    const std::string topic = "plant/" + std::to_string(i);
    const uint8_t payload[64] = {1};
    (void)store.Put(codec::MessageRef::Make({.topic = topic, .payload = payload}));
  }
  uint64_t found = 0;
  for (auto _ : state) {
    RetainedStore::Cursor cursor;
    while (!cursor.done) {
      store.Match("#", cursor, 1024, 64, {}, [&](const codec::MessageRef& message) {
        found += message.payload().size();
        return true;
      });
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(found / 64));
}
BENCHMARK(RetainedScan);

}  // namespace
}  // namespace ringmq::routing
