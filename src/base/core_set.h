// A set of cores, small enough to be copied.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace ringmq::base {

// As many shards as one broker may have.
inline constexpr size_t kCoresMax = 256;

class CoreSet {
 public:
  bool operator==(const CoreSet&) const = default;

  void Set(size_t core) { Word(core) |= Bit(core); }
  void Clear(size_t core) { Word(core) &= ~Bit(core); }
  [[nodiscard]] bool Has(size_t core) const {
    RMQ_CHECK(core < kCoresMax);
    return (words_[core / 64] & Bit(core)) != 0;
  }
  [[nodiscard]] bool Any() const { return (words_[0] | words_[1] | words_[2] | words_[3]) != 0; }
  CoreSet& operator|=(const CoreSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }

  // In ascending order.
  template <typename Fn>
  void ForEach(Fn fn) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        fn(i * 64 + static_cast<size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  static uint64_t Bit(size_t core) { return uint64_t{1} << (core % 64); }
  uint64_t& Word(size_t core) {
    RMQ_CHECK(core < kCoresMax);
    return words_[core / 64];
  }

  std::array<uint64_t, kCoresMax / 64> words_{};
};

}  // namespace ringmq::base
