// Bytes that several may hold and nobody changes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ringmq {

// A counted reference to a block of constant bytes, or to a part of one. Copying costs an atomic
// increment. Any thread may hold and drop one.
class SharedBytes {
 public:
  SharedBytes() noexcept = default;
  // Takes the string's memory; copies nothing.
  static SharedBytes Take(std::string bytes);
  static SharedBytes Copy(std::string_view bytes);
  // Bytes that outlive every use, such as a literal; nothing is copied or freed.
  static SharedBytes Static(std::string_view bytes) noexcept;

  SharedBytes(const SharedBytes& other) noexcept;
  SharedBytes(SharedBytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), view_(std::exchange(other.view_, {})) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(view_, other.view_);
    return *this;
  }
  ~SharedBytes();

  // Lives as long as any reference to the same block.
  [[nodiscard]] std::string_view view() const noexcept { return view_; }
  [[nodiscard]] size_t size() const noexcept { return view_.size(); }
  [[nodiscard]] bool empty() const noexcept { return view_.empty(); }
  // The reverse of Take(): the string's memory if this is the only reference and to all of it,
  // otherwise a copy. This is empty afterwards.
  [[nodiscard]] std::string TakeString();
  // Requires: `part` lies within view(). Keeps the whole block alive.
  [[nodiscard]] SharedBytes Slice(std::string_view part) const noexcept;

  // Room for `size` bytes that the caller fills before it copies or passes the reference on.
  static SharedBytes Allocate(size_t size, char** writable);

 private:
  struct Block;
  SharedBytes(Block* block, std::string_view view) noexcept : block_(block), view_(view) {}

  Block* block_ = nullptr;  // Null: static bytes, or none.
  std::string_view view_;
};

}  // namespace ringmq
