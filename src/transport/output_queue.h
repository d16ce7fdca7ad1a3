// What a connection has to say and has not sent yet.
//
// Small packets are copied one behind the other into chunks, so that everything said in one loop
// turn leaves in one send; large payloads are referenced, not copied. At most one send is under
// way: its bytes stay where they are until it completes, and new bytes go behind them.
//
//   head --> [chunk: sent | being sent | written ] --> [reference to a payload] --> [chunk] <--
//   tail
//
// An empty queue owns no memory but remembers how large its last burst was, so that the next one
// starts with a chunk of the right size.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "transport/chunk_pool.h"

namespace ringmq::transport {

// Keeps referenced bytes alive: an owner that is one pointer wide, without knowing its type.
struct Hold {
  void* owner = nullptr;
  void (*release)(void* owner) = nullptr;
};

class OutputQueue {
 public:
  // One send takes at most about this much: more would let one peer hog the turn.
  static constexpr size_t kSendBytesMax = 256 << 10;
  static constexpr size_t kSlicesMax = 16;

  // The queue must be Reset() before it dies: it has no pool of its own to give chunks back to.
  OutputQueue() = default;
  ~OutputQueue();
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  // Contiguous room for `size_bytes`, counted as written. The caller fills it at once.
  [[nodiscard]] uint8_t* Append(ChunkPool& pool, size_t size_bytes);
  // Bytes that stay valid until `hold` is released; released by EndSend() or Reset().
  void AppendReference(ChunkPool& pool, std::span<const uint8_t> bytes, Hold hold);

  [[nodiscard]] size_t pending_bytes() const { return pending_bytes_; }
  [[nodiscard]] bool empty() const { return pending_bytes_ == 0; }
  [[nodiscard]] bool sending() const { return sending_; }

  // The next bytes to send. The slices and what they point to stay until EndSend().
  // Requires: !empty() && !sending().
  [[nodiscard]] std::span<const iovec> BeginSend(ChunkPool& pool);
  // `sent_bytes` of them are gone; the rest is next. Requires: sending().
  void EndSend(ChunkPool& pool, size_t sent_bytes);
  // Drops everything. Requires: !sending().
  void Reset(ChunkPool& pool);

 private:
  struct Chunk;
  Chunk* AddChunk(ChunkPool& pool, uint8_t size_class, size_t size_bytes);
  void PopHead(ChunkPool& pool);
  void NoteBurst(size_t sent_bytes);

  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  iovec* slices_ = nullptr;  // While sending; a chunk of the smallest class.
  size_t pending_bytes_ = 0;
  uint8_t first_class_ = 0;  // Class of the chunk that the next burst starts with.
  bool sending_ = false;
};

}  // namespace ringmq::transport
