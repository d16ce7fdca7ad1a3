// SPDX-License-Identifier: Apache-2.0
#include "transport/wrap_queue.h"

#include "transport/queue_sink.h"

namespace ringmq::transport {

size_t WrapQueue(LayerStack& layers, OutputQueue& plain, OutputQueue& wrapped, ChunkPool& pool) {
  QueueSink down(wrapped, pool);
  size_t total = 0;
  while (layers.open() && !plain.empty() && wrapped.pending_bytes() < OutputQueue::kSendBytesMax) {
    size_t taken = 0;
    for (const iovec& slice : plain.BeginSend(pool)) {
      if (!layers.open()) break;
      layers.Send({static_cast<const uint8_t*>(slice.iov_base), slice.iov_len}, down);
      taken += slice.iov_len;
    }
    plain.EndSend(pool, taken);
    total += taken;
  }
  return total;
}

}  // namespace ringmq::transport
