// What stands between a connection and its socket when that is not plain TCP.
//
// Everything the layers wrapped waits in `output`, behind which the connection's own output stays
// plain: it is wrapped just before it is sent, so that the limits on output count what MQTT said.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "transport/layer_stack.h"
#include "transport/output_queue.h"

namespace ringmq::broker {

struct Tunnel {
  explicit Tunnel(transport::LayerStack stack) : layers(std::move(stack)) {}

  transport::LayerStack layers;
  transport::OutputQueue output;  // Wrapped: goes to the socket as it is.
  std::vector<uint8_t> waiting;   // Received; a handshake that waits for its slice of time.
  bool said_goodbye = false;
};

// What an accepted connection of listener `listener` needs; null: plain MQTT over the socket.
using MakeTunnel = std::function<std::unique_ptr<Tunnel>(uint32_t listener, int fd)>;

}  // namespace ringmq::broker
