// Hash and equality for hash maps that are keyed by std::string and asked with a
// std::string_view, so that looking something up allocates nothing.
//
// The hash is abseil's, seeded anew in each process: for tables only, never for what must be the
// same tomorrow (that is StableHash's business). Debian builds abseil for C++14, where its
// string_view is not std::string_view; so its own transparent hash does not take ours.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/hash/hash.h"

namespace ringmq::base {

struct StringKeyHash {
  using is_transparent = void;
  size_t operator()(std::string_view key) const { return absl::Hash<std::string_view>{}(key); }
};

struct StringKeyEqual {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const { return left == right; }
};

}  // namespace ringmq::base
