// From one output queue through layers into another.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "transport/chunk_pool.h"
#include "transport/layer_stack.h"
#include "transport/output_queue.h"

namespace ringmq::transport {

// Wraps about as much of `plain` as one send may hold; returns how many bytes it took. Nothing
// while the layers are not open; a layer that fails by what it is given leaves the rest where it
// is. Requires: no send of either queue is under way.
size_t WrapQueue(LayerStack& layers, OutputQueue& plain, OutputQueue& wrapped, ChunkPool& pool);

}  // namespace ringmq::transport
