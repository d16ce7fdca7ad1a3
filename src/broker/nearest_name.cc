// SPDX-License-Identifier: Apache-2.0
#include "broker/nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace ringmq::broker {
namespace {

constexpr size_t kNameBytesMax = 128;  // Longer is no typing error of ours; bounds the work.

// Levenshtein's distance, one row at a time.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearestName(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > kNameBytesMax) return {};
  std::string_view nearest;
  // A third of the letters wrong is still a typing error; more is another word.
  size_t distance_max = name.size() / 3 + 1;
  for (const std::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance > distance_max) continue;
    if (distance == distance_max && !nearest.empty()) continue;
    nearest = candidate;
    distance_max = distance;
  }
  return nearest;
}

}  // namespace ringmq::broker
