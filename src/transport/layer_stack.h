// The layers of one connection, one above the other.
//
//   socket <-> [0: PROXY header] <-> [1: TLS] <-> [2: WebSocket] <-> MQTT
//
// Opens from the bottom up: a layer begins when the one below it is open. A layer that has become
// transparent is taken out, after what it knows of the peer was noted. The stack fails with the
// first layer that fails, and ends with the first that ends.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "transport/layer.h"

namespace ringmq::transport {

class LayerStack {
 public:
  // Bottom first. May be empty: then bytes pass through.
  explicit LayerStack(std::vector<std::unique_ptr<Layer>> layers) : layers_(std::move(layers)) {}

  // Once, before anything else: what a client has to say first goes to `down`.
  void Start(ByteSink& down);
  // As Layer's.
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down);
  void Send(std::span<const uint8_t> bytes, ByteSink& down);
  // Says goodbye from the top down. Once.
  void Close(ByteSink& down, CloseCause cause = CloseCause::kNormal);

  [[nodiscard]] LayerState state() const;
  [[nodiscard]] bool open() const { return state() == LayerState::kOpen; }
  // Nothing is left between the socket and MQTT.
  [[nodiscard]] bool is_transparent() const { return layers_.empty(); }
  // Of the layer that failed.
  [[nodiscard]] std::string_view error() const;
  // Of all layers, those that were taken out included.
  [[nodiscard]] PeerFacts Describe() const;

  // As Layer's, for the lowest layer, which is then taken out. kNever if the stack is not open.
  [[nodiscard]] KernelMove MoveIntoKernel(int fd);

 private:
  void ReceiveAt(size_t index, std::span<const uint8_t> input, ByteSink& up, ByteSink& down);
  void SendFrom(size_t above, std::span<const uint8_t> bytes, ByteSink& down);
  void StartWhatMay(ByteSink& down);
  void RemoveTransparent();

  std::vector<std::unique_ptr<Layer>> layers_;
  size_t started_ = 0;                // So many from the bottom.
  std::unique_ptr<PeerFacts> facts_;  // Of those that were taken out; null: none was.
};

}  // namespace ringmq::transport
