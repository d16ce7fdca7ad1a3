// SPDX-License-Identifier: Apache-2.0
#include "load/plan.h"

#include <algorithm>
#include <bit>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ringmq::load {

std::string Fill(std::string_view text, uint32_t i) {
  return absl::StrReplaceAll(std::string(text), {{"{i}", absl::StrCat(i)}});
}

std::string Role::FilterOf(uint32_t n) const { return Fill(filter_template(n), n); }

uint64_t Plan::connections() const {
  uint64_t sum = 0;
  for (const Role& role : roles) sum += role.count;
  return sum;
}

uint64_t Plan::early_connections() const {
  uint64_t sum = 0;
  for (const Role& role : roles) sum += role.is_late ? 0 : role.count;
  return sum;
}

Plan::Share Plan::ShareOf(uint32_t part, bool (Role::*follows)() const) const {
  std::vector<bool> has_some(threads, false);
  uint64_t first = 0;
  for (const Role& role : roles) {
    for (uint64_t i = 0; (role.*follows)() && i < std::min(role.count, threads); ++i) {
      has_some[(first + i) % threads] = true;
    }
    first += role.count;
  }
  const auto count = [&has_some](size_t end) {
    return static_cast<uint32_t>(
        std::count(has_some.begin(), has_some.begin() + static_cast<ptrdiff_t>(end), true));
  };
  return {.part = count(part), .parts = count(threads)};
}

size_t Plan::SentTimesEach() const {
  constexpr size_t kEachMin = 1024;
  constexpr size_t kInAllMax = 8 << 20;
  size_t on_their_way = in_flight;
  if (qos == Qos::kAtMostOnce && has_one_audience()) {
    on_their_way /= std::max<size_t>(size_t{deliveries_each} * publishers, 1);
  }
  const size_t wanted = std::max(kEachMin, std::bit_ceil(2 * on_their_way));
  const size_t share = std::bit_floor(kInAllMax / std::max(publishers, 1u));
  return std::clamp<size_t>(share, 1, wanted);
}

std::vector<uint8_t> Plan::MakePayload(size_t size_bytes) const {
  std::vector<uint8_t> made(size_bytes, 'x');
  std::copy_n(payload.begin(), std::min(payload.size(), size_bytes), made.begin());
  return made;
}

measure::KnownRest Plan::MakeKnownRest() const {
  const size_t stamp_bytes = StampedBytes();
  const bool is_known = payload_template.empty();
  if (publishers == 0 || !is_known || LongestPayloadBytes() < stamp_bytes) return {};
  const std::vector<uint8_t> longest = MakePayload(LongestPayloadBytes());
  return measure::KnownRest(std::span(longest).subspan(stamp_bytes));
}

uint64_t Plan::DeliveriesOf(uint32_t publisher) const {
  if (!has_one_audience()) return deliveries[publisher];
  uint64_t sum = 0;
  bool shared = false;
  for (const Role& role : roles) {
    if (!role.hears() || publisher < role.hears_first) continue;
    const uint32_t distance = publisher - role.hears_first;
    const bool hears = distance < (role.hears_one ? role.count : role.hears_count);
    if (!hears) continue;
    if (role.is_shared) {
      shared = true;
    } else {
      sum += role.hears_one ? 1 : role.count;
    }
  }
  return sum + (shared ? 1 : 0);
}

}  // namespace ringmq::load
