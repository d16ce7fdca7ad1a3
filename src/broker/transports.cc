// SPDX-License-Identifier: Apache-2.0
#include "broker/transports.h"

#include <utility>

#include "base/check.h"
#include "transport/sniff.h"
#include "transport/websocket_layer.h"

namespace ringmq::broker {

using transport::Layer;
using transport::Sniffed;
using transport::SniffLayer;
using transport::WebSocketServerLayer;

Transports::Transports(const Config& config) {
  for (const ListenerConfig& listener : config.listeners) {
    Listener& made = listeners_.emplace_back();
    made.transport = listener.transport;
    made.upgrade_rules.paths = listener.websocket_paths;
    made.upgrade_rules.origins = listener.websocket_origins;
  }
}

std::unique_ptr<Tunnel> Transports::Make(uint32_t listener) const {
  RMQ_CHECK(listener < listeners_.size());
  const Listener& from = listeners_[listener];
  std::vector<std::unique_ptr<Layer>> layers;
  switch (from.transport) {
    case Transport::kTcp:
      return nullptr;
    case Transport::kWebSocket:
      layers.push_back(std::make_unique<WebSocketServerLayer>(from.upgrade_rules));
      break;
    case Transport::kAny:
      layers.push_back(std::make_unique<SniffLayer>(
          [&rules = from.upgrade_rules](Sniffed found) -> std::unique_ptr<Layer> {
            if (found != Sniffed::kHttp) return nullptr;  // MQTT, or what it refuses.
            return std::make_unique<WebSocketServerLayer>(rules);
          }));
      break;
  }
  return std::make_unique<Tunnel>(transport::LayerStack(std::move(layers)));
}

}  // namespace ringmq::broker
