// SPDX-License-Identifier: Apache-2.0
#include "reactor/buffer_pool.h"

#include <sys/mman.h>

#include <bit>

namespace ringmq::reactor {

BufferPool::BufferPool(uint32_t count, uint32_t size_bytes)
    : count_(count), size_bytes_(size_bytes), lent_(count, false) {
  RMQ_CHECK(std::has_single_bit(count));
  RMQ_CHECK(std::has_single_bit(size_bytes));
  RMQ_CHECK(count <= 32768);
  void* const memory = mmap(nullptr, size_t{count} * size_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // As with new: a process without address space for its buffers ends here.
  RMQ_CHECK(memory != MAP_FAILED);
  bytes_ = static_cast<uint8_t*>(memory);
}

BufferPool::~BufferPool() { munmap(bytes_, size_t{count_} * size_bytes_); }

}  // namespace ringmq::reactor
