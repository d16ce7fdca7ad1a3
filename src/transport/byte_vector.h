// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/poison.h"
#include "transport/layer.h"

namespace ringmq::transport {

// A sink in memory of its own.
class ByteVector final : public ByteSink {
 public:
  using ByteSink::Append;
  [[nodiscard]] uint8_t* Append(size_t size_bytes) override {
    const size_t old_size = bytes_.size();
    bytes_.resize(old_size + size_bytes);
    return bytes_.data() + old_size;
  }

  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  // Whoever still has a view of them looks at poison.
  void Clear() {
    base::Poison(bytes_);
    bytes_.clear();
  }
  [[nodiscard]] std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace ringmq::transport
