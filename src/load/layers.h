// What stands between a connection of the load tool and its socket: a PROXY header, TLS, WebSocket.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "transport/byte_vector.h"
#include "transport/layer.h"
#include "transport/layer_stack.h"

namespace ringmq::load {

struct MadeLayers {
  std::vector<std::unique_ptr<transport::Layer>> layers;  // Bottom first.
  const transport::Layer* tls = nullptr;                  // One of them.
};
// For one connection, the `number`-th of its role, on any thread.
using MakeLayers = std::function<MadeLayers(uint32_t number, uint64_t seed)>;

struct PeerLayers {
  explicit PeerLayers(MadeLayers made) : tls(made.tls), stack(std::move(made.layers)) {}

  const transport::Layer* tls;  // Null: none. Lives as long as the stack.
  transport::LayerStack stack;
  transport::ByteVector down;  // Wrapped, waits to be sent.
  size_t plain_in_send = 0;    // Bytes of MQTT in what the kernel has.
  bool is_tls_timed = false;
};

}  // namespace ringmq::load
