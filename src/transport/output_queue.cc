// SPDX-License-Identifier: Apache-2.0
#include "transport/output_queue.h"

#include <algorithm>
#include <new>

#include "base/check.h"

namespace ringmq::transport {

// A header in front of its bytes, or (data elsewhere, hold set) a reference.
struct OutputQueue::Chunk {
  Chunk* next = nullptr;
  uint8_t* data = nullptr;
  size_t capacity_bytes = 0;  // Zero for a reference: nothing can be appended.
  size_t begin = 0;           // Sent up to here.
  size_t end = 0;             // Written up to here.
  Hold hold;
  uint8_t size_class = 0;

  [[nodiscard]] size_t unsent_bytes() const { return end - begin; }
};

static_assert(OutputQueue::kSlicesMax * sizeof(iovec) <= ChunkPool::SizeOf(0));

OutputQueue::~OutputQueue() { RMQ_CHECK(head_ == nullptr && slices_ == nullptr); }

uint8_t* OutputQueue::Append(ChunkPool& pool, size_t size_bytes) {
  Chunk* chunk = tail_;
  if (chunk == nullptr || chunk->capacity_bytes - chunk->end < size_bytes ||
      chunk->capacity_bytes == 0) {
    // Each further chunk of a burst is larger than the one before, so that bursts need few.
    const uint8_t wish = tail_ == nullptr
                             ? first_class_
                             : std::min<uint8_t>(static_cast<uint8_t>(tail_->size_class + 1),
                                                 ChunkPool::kClassCount - 1);
    const uint8_t needed = ChunkPool::ClassFor(sizeof(Chunk) + size_bytes);
    chunk = AddChunk(pool, std::max(wish, needed), size_bytes);
  }
  uint8_t* const place = chunk->data + chunk->end;
  chunk->end += size_bytes;
  pending_bytes_ += size_bytes;
  return place;
}

void OutputQueue::AppendReference(ChunkPool& pool, std::span<const uint8_t> bytes, Hold hold) {
  RMQ_CHECK(!bytes.empty());
  RMQ_CHECK(hold.release != nullptr);
  Chunk* const chunk = AddChunk(pool, 0, 0);
  // The queue never writes through a reference: capacity zero keeps Append() away.
  chunk->data = const_cast<uint8_t*>(bytes.data());
  chunk->capacity_bytes = 0;
  chunk->end = bytes.size();
  chunk->hold = hold;
  pending_bytes_ += bytes.size();
}

std::span<const iovec> OutputQueue::BeginSend(ChunkPool& pool) {
  RMQ_CHECK(!sending_);
  RMQ_CHECK(pending_bytes_ > 0);
  if (slices_ == nullptr) slices_ = static_cast<iovec*>(pool.Take(0, ChunkPool::SizeOf(0)));
  size_t count = 0;
  size_t total_bytes = 0;
  for (Chunk* chunk = head_; chunk != nullptr && count < kSlicesMax; chunk = chunk->next) {
    if (total_bytes >= kSendBytesMax) break;
    const size_t size_bytes = std::min(chunk->unsent_bytes(), kSendBytesMax - total_bytes);
    if (size_bytes == 0) continue;
    slices_[count++] = {chunk->data + chunk->begin, size_bytes};
    total_bytes += size_bytes;
  }
  RMQ_CHECK(count > 0);
  sending_ = true;
  return {slices_, count};
}

void OutputQueue::EndSend(ChunkPool& pool, size_t sent_bytes) {
  RMQ_CHECK(sending_);
  RMQ_CHECK(sent_bytes <= pending_bytes_);
  sending_ = false;
  pending_bytes_ -= sent_bytes;
  NoteBurst(sent_bytes);
  while (sent_bytes > 0) {
    const size_t step = std::min(sent_bytes, head_->unsent_bytes());
    head_->begin += step;
    sent_bytes -= step;
    if (head_->unsent_bytes() == 0) PopHead(pool);
  }
  if (pending_bytes_ == 0) Reset(pool);
}

void OutputQueue::Reset(ChunkPool& pool) {
  RMQ_CHECK(!sending_);
  while (head_ != nullptr) PopHead(pool);
  if (slices_ != nullptr) pool.Give(slices_, 0);
  slices_ = nullptr;
  pending_bytes_ = 0;
}

OutputQueue::Chunk* OutputQueue::AddChunk(ChunkPool& pool, uint8_t size_class, size_t size_bytes) {
  const size_t whole_bytes = size_class == ChunkPool::kClassCount ? sizeof(Chunk) + size_bytes
                                                                  : ChunkPool::SizeOf(size_class);
  Chunk* const chunk = new (pool.Take(size_class, whole_bytes)) Chunk;
  chunk->data = static_cast<uint8_t*>(static_cast<void*>(chunk + 1));
  chunk->capacity_bytes = whole_bytes - sizeof(Chunk);
  chunk->size_class = size_class;
  (tail_ == nullptr ? head_ : tail_->next) = chunk;
  tail_ = chunk;
  return chunk;
}

void OutputQueue::PopHead(ChunkPool& pool) {
  Chunk* const chunk = head_;
  head_ = chunk->next;
  if (head_ == nullptr) tail_ = nullptr;
  if (chunk->hold.release != nullptr) chunk->hold.release(chunk->hold.owner);
  const uint8_t size_class = chunk->size_class;
  chunk->~Chunk();
  pool.Give(chunk, size_class);
}

void OutputQueue::NoteBurst(size_t sent_bytes) {
  const uint8_t fitting = std::min<uint8_t>(ChunkPool::ClassFor(sizeof(Chunk) + sent_bytes),
                                            ChunkPool::kClassCount - 1);
  if (fitting > first_class_) {
    first_class_ = fitting;
  } else if (fitting < first_class_) {
    --first_class_;
  }
}

}  // namespace ringmq::transport
