// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstring>
#include <new>

#include "base/check.h"
#include "ringmq/bytes.h"

namespace ringmq {

// Followed by its bytes, or owning a string.
struct SharedBytes::Block {
  std::atomic<uint32_t> references{1};
  std::string* taken = nullptr;

  [[nodiscard]] char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

SharedBytes SharedBytes::Allocate(size_t size, char** writable) {
  auto* const block = new (::operator new(sizeof(Block) + size)) Block;
  *writable = block->bytes();
  return {block, {block->bytes(), size}};
}

SharedBytes SharedBytes::Copy(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* writable = nullptr;
  SharedBytes copy = Allocate(bytes.size(), &writable);
  std::memcpy(writable, bytes.data(), bytes.size());
  return copy;
}

SharedBytes SharedBytes::Take(std::string bytes) {
  if (bytes.empty()) return {};
  auto* const block = new (::operator new(sizeof(Block))) Block;
  block->taken = new std::string(std::move(bytes));
  return {block, *block->taken};
}

SharedBytes SharedBytes::Static(std::string_view bytes) noexcept { return {nullptr, bytes}; }

SharedBytes::SharedBytes(const SharedBytes& other) noexcept
    : block_(other.block_), view_(other.view_) {
  // Relaxed: whoever copies holds a reference already.
  if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
}

SharedBytes::~SharedBytes() {
  if (block_ == nullptr) return;
  // Release and acquire: every use happens before the end.
  if (block_->references.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  delete block_->taken;
  block_->~Block();
  ::operator delete(block_);
}

std::string SharedBytes::TakeString() {
  const SharedBytes self = std::move(*this);
  const bool is_taken = self.block_ != nullptr && self.block_->taken != nullptr;
  // Acquire: what others did with their references happened before.
  if (!is_taken || self.block_->references.load(std::memory_order_acquire) != 1 ||
      self.view_.size() != self.block_->taken->size()) {
    return std::string(self.view_);
  }
  return std::move(*self.block_->taken);
}

SharedBytes SharedBytes::Slice(std::string_view part) const noexcept {
  RMQ_CHECK(part.empty() || (part.data() >= view_.data() &&
                             part.data() + part.size() <= view_.data() + view_.size()));
  SharedBytes slice = *this;
  slice.view_ = part;
  return slice;
}

}  // namespace ringmq
