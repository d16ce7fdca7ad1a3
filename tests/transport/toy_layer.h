// A layer as simple as can be, to stack and to break: a greeting of one byte each way, then every
// byte xored with a key; 0xff below the key is goodbye.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "transport/layer.h"

namespace ringmq::transport {

class ToyLayer final : public Layer {
 public:
  enum class Side : uint8_t { kClient, kServer };
  static constexpr uint8_t kHello = 0xa1;
  static constexpr uint8_t kGoodbye = 0xff;  // Never sent as data by the tests.

  ToyLayer(Side side, uint8_t key) : side_(side), key_(key) {}

  void Start(ByteSink& down) override {
    if (side_ == Side::kClient) Say(kHello, down);
  }
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override {
    for (const uint8_t wrapped : input) {
      if (state_ == LayerState::kEnded || state_ == LayerState::kFailed) return;
      const auto byte = static_cast<uint8_t>(wrapped ^ key_);
      if (state_ == LayerState::kOpening) {
        Greet(byte, down);
      } else if (byte == kGoodbye) {
        state_ = LayerState::kEnded;
      } else {
        *up.Append(1) = byte;
      }
    }
  }
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override {
    for (const uint8_t byte : bytes) Say(byte, down);
  }
  void Close(ByteSink& down) override {
    if (state_ == LayerState::kOpen) Say(kGoodbye, down);
  }
  [[nodiscard]] LayerState state() const override { return state_; }
  [[nodiscard]] std::string_view error() const override { return error_; }
  void Describe(PeerFacts& facts) const override {
    facts.websocket.path += static_cast<char>(key_);
  }

 private:
  void Say(uint8_t byte, ByteSink& down) { *down.Append(1) = static_cast<uint8_t>(byte ^ key_); }
  void Greet(uint8_t byte, ByteSink& down) {
    if (byte != kHello) {
      state_ = LayerState::kFailed;
      error_ = "no hello";
      return;
    }
    state_ = LayerState::kOpen;
    if (side_ == Side::kServer) Say(kHello, down);
  }

  const Side side_;
  const uint8_t key_;
  LayerState state_ = LayerState::kOpening;
  std::string error_;
};

}  // namespace ringmq::transport
