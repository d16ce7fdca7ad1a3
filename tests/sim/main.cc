// ringmq-sim: runs the broker in simulation, seed after seed.
//
//   ringmq-sim --seed N            the first seed (default 1)
//              --seeds COUNT       how many (default 100; 0: no limit)
//              --minutes M         stop after so many minutes (default: no limit)
//              --seconds S         virtual seconds of the safety phase (default 3)
//              --twice             run each seed twice and compare
//              --trace             print everything that happens
//
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim/harness.h"

namespace {

struct Arguments {
  uint64_t seed = 1;
  uint64_t seeds = 100;
  double minutes = 0;
  int64_t seconds = 3;
  bool twice = false;
  bool trace = false;
};

// The run at hand, for whoever fails a check deep inside the broker: a crash handler gets no
// argument.
const ringmq::sim::World* current_world = nullptr;

extern "C" void OnAbort(int) {
  if (current_world != nullptr) current_world->PrintTail();
  std::_Exit(1);
}

bool Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--twice") {
      arguments.twice = true;
    } else if (i + 1 == argc) {
      return false;
    } else if (name == "--seed") {
      arguments.seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (name == "--seeds") {
      arguments.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (name == "--minutes") {
      arguments.minutes = std::strtod(argv[++i], nullptr);
    } else if (name == "--seconds") {
      arguments.seconds = std::strtoll(argv[++i], nullptr, 10);
    } else {
      return false;
    }
  }
  return true;
}

ringmq::sim::RunReport RunOne(uint64_t seed, const Arguments& arguments) {
  ringmq::sim::Harness harness(
      {.seed = seed, .safety_time = arguments.seconds * ringmq::kSecond, .trace = arguments.trace});
  current_world = &harness.world();
  const ringmq::sim::RunReport report = harness.Run();
  current_world = nullptr;
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: ringmq-sim [--seed N] [--seeds COUNT] [--minutes M] "
                 "[--seconds S] [--twice] [--trace]\n");
    return 2;
  }
  std::signal(SIGABRT, OnAbort);
  const auto begin = std::chrono::steady_clock::now();
  uint64_t hash = 0;
  uint64_t messages = 0;
  uint64_t deliveries = 0;
  uint64_t done = 0;
  for (; arguments.seeds == 0 || done < arguments.seeds; ++done) {
    const std::chrono::duration<double, std::ratio<60>> spent =
        std::chrono::steady_clock::now() - begin;
    if (arguments.minutes > 0 && spent.count() >= arguments.minutes) break;
    const uint64_t seed = arguments.seed + done;
    const ringmq::sim::RunReport report = RunOne(seed, arguments);
    if (arguments.twice && RunOne(seed, arguments).hash != report.hash) {
      std::fprintf(stderr, "seed %llu gives two histories\n",
                   static_cast<unsigned long long>(seed));
      return 1;
    }
    hash = hash * 31 + report.hash;
    messages += report.messages;
    deliveries += report.deliveries;
  }
  std::printf("%llu seeds from %llu: %llu messages, %llu deliveries, hash %016llx\n",
              static_cast<unsigned long long>(done),
              static_cast<unsigned long long>(arguments.seed),
              static_cast<unsigned long long>(messages),
              static_cast<unsigned long long>(deliveries), static_cast<unsigned long long>(hash));
  return 0;
}
