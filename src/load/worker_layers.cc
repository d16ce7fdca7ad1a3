// A worker's connections through a PROXY header, TLS and WebSocket: handshakes are steps of
// connecting, with times of their own; afterwards bytes are wrapped when they are sent and
// unwrapped when they come.
//
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "load/worker.h"

namespace ringmq::load {

using transport::LayerState;

void Worker::StartLayers(Peer& peer) {
  peer.state = PeerState::kOpening;
  const MakeLayers& make_layers = TargetOf(peer).make_layers;
  peer.layers = std::make_unique<PeerLayers>(make_layers(peer.number, random_.Next()));
  peer.layers->stack.Start(peer.layers->down);
  if (peer.layers->stack.open()) Greet(peer);  // A PROXY header is not answered.
  dirty_.push_back(IndexOf(peer));
}

// What the bytes hold of MQTT, until the next call. Ends the peer if the layers have failed.
std::span<const uint8_t> Worker::Unwrap(Peer& peer, std::span<const uint8_t> bytes,
                                        int64_t now_ns) {
  PeerLayers& layers = *peer.layers;
  risen_.Clear();
  layers.stack.Receive(bytes, risen_, layers.down);
  if (!layers.down.empty()) dirty_.push_back(IndexOf(peer));
  if (layers.stack.state() == LayerState::kFailed) {
    End(peer, std::string(layers.stack.error()));
    return {};
  }
  if (peer.state == PeerState::kOpening) TimeLayers(peer, now_ns);
  return risen_.bytes();
}

void Worker::TimeLayers(Peer& peer, int64_t now_ns) {
  PeerLayers& layers = *peer.layers;
  int64_t& start_ns = step_start_ns_[IndexOf(peer)];
  const bool is_open = layers.stack.open();
  const bool has_tls = layers.tls != nullptr && layers.tls->state() == LayerState::kOpen;
  if (has_tls && !layers.is_tls_timed) {
    layers.is_tls_timed = true;
    findings_.connect_tls.Record(now_ns - start_ns);
    start_ns = now_ns;
    if (is_open) {  // There is nothing above it.
      Greet(peer);
      return;
    }
  }
  if (!is_open) return;
  findings_.connect_ws.Record(now_ns - start_ns);
  start_ns = now_ns;
  Greet(peer);
}

// Into what is sent next.
void Worker::Wrap(Peer& peer) {
  PeerLayers& layers = *peer.layers;
  if (layers.stack.open() && !peer.output.empty()) {
    layers.stack.Send(peer.output, layers.down);
    layers.plain_in_send = peer.output.size();
    peer.output.clear();
  }
  peer.in_send = layers.down.Take();
}

}  // namespace ringmq::load
