// The end of an output queue, as layers see it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "transport/chunk_pool.h"
#include "transport/layer.h"
#include "transport/output_queue.h"

namespace ringmq::transport {

class QueueSink final : public ByteSink {
 public:
  QueueSink(OutputQueue& queue, ChunkPool& pool) : queue_(queue), pool_(pool) {}
  using ByteSink::Append;
  [[nodiscard]] uint8_t* Append(size_t size_bytes) override {
    return queue_.Append(pool_, size_bytes);
  }

 private:
  OutputQueue& queue_;
  ChunkPool& pool_;
};

}  // namespace ringmq::transport
