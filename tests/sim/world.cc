// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace ringmq::sim {

Faults Faults::Draw(base::Random& random) {
  // Half of the kinds stay away from a run.
  const auto draw = [&random](uint32_t most) {
    return random.Chance(1, 2) ? static_cast<uint32_t>(random.Below(most)) : 0;
  };
  Faults faults;
  faults.one_byte_read = draw(100);
  faults.short_read = draw(500);
  faults.short_send = draw(500);
  faults.delay = draw(600);
  faults.delay_max = Duration{static_cast<int64_t>(random.Below(20'000'000)) + 1000};
  faults.reorder = draw(800);
  faults.multishot_end = draw(300);
  faults.no_buffers = draw(200);
  faults.accept_failure = draw(200);
  faults.reset = draw(300);
  faults.spurious_wake = draw(100);
  faults.cancel_race = draw(1000);
  faults.small_batch = draw(500);
  faults.starve = draw(100);
  return faults;
}

void World::Note(std::string line) {
  for (const char c : line) {
    hash_ = (hash_ ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  hash_ = (hash_ ^ static_cast<uint64_t>(now.ns)) * 0x100000001b3;
  std::string stamped = fmt::format("{:12.6f} {}", static_cast<double>(now.ns) / 1e9, line);
  if (trace_all) std::fprintf(stderr, "%s\n", stamped.c_str());
  tail_.push_back(std::move(stamped));
  if (tail_.size() > kTailLines) tail_.pop_front();
}

void World::PrintTail() const {
  if (!trace_all) {
    for (const std::string& line : tail_) std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fprintf(stderr, "seed %llu, virtual time %.6f s, step %llu\nrepeat with: %s\n",
               static_cast<unsigned long long>(seed_), static_cast<double>(now.ns) / 1e9,
               static_cast<unsigned long long>(step_), repeat_command.c_str());
}

void World::Fail(std::string_view what) {
  Note(fmt::format("FAILED: {}", what));
  PrintTail();
  std::fprintf(stderr, "simulation failed: %.*s\n", static_cast<int>(what.size()), what.data());
  std::_Exit(1);
}

}  // namespace ringmq::sim
