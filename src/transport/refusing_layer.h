// Stands before a peer that may not speak at all: whatever it says, the connection fails with a
// reason for the log.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "transport/layer.h"

namespace ringmq::transport {

class RefusingLayer final : public Layer {
 public:
  explicit RefusingLayer(std::string why) : why_(std::move(why)) {}

  void Start(ByteSink&) override {}
  void Receive(std::span<const uint8_t>, ByteSink&, ByteSink&) override {
    state_ = LayerState::kFailed;
  }
  void Send(std::span<const uint8_t>, ByteSink&) override {}
  void Close(ByteSink&) override {}
  [[nodiscard]] LayerState state() const override { return state_; }
  [[nodiscard]] std::string_view error() const override { return why_; }
  void Describe(PeerFacts&) const override {}

 private:
  const std::string why_;
  LayerState state_ = LayerState::kOpening;
};

}  // namespace ringmq::transport
