// Look-ups by std::string_view in abseil's hash maps with std::string keys, without making a
// string. (Debian 12's abseil has a string_view of its own, so its built-in support misses
// std::string_view.)
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace ringmq::broker {

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

struct StringEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

}  // namespace ringmq::broker
