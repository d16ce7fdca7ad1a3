// What stands between a client's connection and its socket when that is not plain: TLS, WebSocket.
//
//   socket --Receive()--> [layers] --> bytes of MQTT, which stay until the batch ends
//   socket <--output()--- [layers] <-- Wrap(), as much as one send holds
//
// Belongs to the connection; dies with it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <utility>

#include "transport/byte_vector.h"
#include "transport/chunk_pool.h"
#include "transport/layer_stack.h"
#include "transport/output_queue.h"

namespace ringmq::client {

class Tunnel {
 public:
  // What the layers have to say first is in output(). The pool outlives the tunnel.
  Tunnel(transport::LayerStack layers, transport::ChunkPool& pool);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  [[nodiscard]] transport::LayerState state() const { return layers_.state(); }
  // Of kFailed.
  [[nodiscard]] std::string_view error() const { return layers_.error(); }

  // What came from the socket; returns what it holds of MQTT. That stays where it is until it was
  // looked at and BeginBatch() was called.
  [[nodiscard]] std::span<const uint8_t> Receive(std::span<const uint8_t> bytes);
  // `in_use`: the last that Receive() returned has not all been looked at.
  void BeginBatch(bool in_use);

  // Takes from `plain` what one send may hold. Nothing before the layers are open. Requires: no
  // send is under way.
  void Wrap(transport::OutputQueue& plain);
  // Says goodbye behind what was wrapped. More than once changes nothing.
  void SayGoodbye();

  [[nodiscard]] transport::OutputQueue& output() { return output_; }
  // A send has ended: how many bytes of `plain` are gone with all that was wrapped.
  void OnSent(size_t sent_bytes);
  [[nodiscard]] size_t TakeGoneBytes() { return std::exchange(gone_bytes_, 0); }

 private:
  transport::ChunkPool& pool_;
  transport::LayerStack layers_;
  transport::OutputQueue output_;
  std::deque<transport::ByteVector> shown_;  // The last is the one being looked at.
  transport::ByteVector spare_;              // For its memory.
  size_t wrapped_bytes_ = 0;                 // Plain bytes that `output_` holds in wrapped form.
  size_t gone_bytes_ = 0;
  bool said_goodbye_ = false;
};

}  // namespace ringmq::client
