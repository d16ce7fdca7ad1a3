// A layer as simple as can be, to stack and to break: a greeting of one byte each way, then every
// byte xored with a key. Below the key 0xff is special: goodbye with a 1 behind it, itself with 0.
// With a capital letter as its key it has done its work with the greeting, like a PROXY header;
// with kTired a server's gives up when it has sent a little. With kMovable it changes nothing after
// the greeting, but stays until the kernel takes over, which it lets happen when asked for the
// third time.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "transport/layer.h"
#include "transport/layer_stack.h"

namespace ringmq::testing {

using transport::ByteSink;
using transport::LayerState;
using transport::PeerFacts;

class ToyLayer final : public transport::Layer {
 public:
  enum class Side : uint8_t { kClient, kServer };
  static constexpr uint8_t kHello = 0xa1;
  static constexpr uint8_t kSpecial = 0xff;
  static constexpr uint8_t kTired = '!';
  static constexpr size_t kTiredBytes = 2000;
  static constexpr uint8_t kMovable = '0';
  static constexpr int kMoveTries = 3;

  // Told of each attempt to move into the kernel, before it is made.
  using OnMove = std::function<void(int fd)>;

  ToyLayer(Side side, uint8_t key, OnMove on_move = nullptr)
      : side_(side), key_(key), on_move_(std::move(on_move)) {}

  void Start(ByteSink& down) override {
    RMQ_CHECK(!is_started_);
    is_started_ = true;
    if (side_ == Side::kClient) Say(kHello, down);
  }
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override {
    RMQ_CHECK(is_started_);
    for (const uint8_t wrapped : input) {
      if (state_ == LayerState::kEnded || state_ == LayerState::kFailed) return;
      const auto byte = static_cast<uint8_t>(wrapped ^ key_);
      if (state_ == LayerState::kOpening) {
        Greet(byte, down);
      } else if (passes()) {
        *up.Append(1) = wrapped;
      } else if (after_special_) {
        after_special_ = false;
        if (byte == 1) {
          state_ = LayerState::kEnded;
        } else {
          *up.Append(1) = kSpecial;
        }
      } else if (byte == kSpecial) {
        after_special_ = true;
      } else {
        *up.Append(1) = byte;
      }
    }
  }
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override {
    RMQ_CHECK(state_ == LayerState::kOpen);
    if (passes()) {
      down.Append(bytes);
      return;
    }
    sent_bytes_ += bytes.size();
    if (key_ == kTired && side_ == Side::kServer && sent_bytes_ > kTiredBytes) {
      state_ = LayerState::kFailed;
      error_ = "tired";
      return;
    }
    for (const uint8_t byte : bytes) {
      Say(byte, down);
      if (byte == kSpecial) Say(0, down);
    }
  }
  void Close(ByteSink& down) override {
    if (state_ != LayerState::kOpen || passes()) return;
    Say(kSpecial, down);
    Say(1, down);
  }
  [[nodiscard]] LayerState state() const override { return state_; }
  [[nodiscard]] bool is_transparent() const override {
    return is_moved_ || (passes() && key_ != kMovable);
  }
  transport::KernelMove MoveIntoKernel(int fd) override {
    RMQ_CHECK(state_ == LayerState::kOpen);
    if (on_move_) on_move_(fd);
    if (key_ != kMovable) return transport::KernelMove::kNever;
    if (++move_tries_ < kMoveTries) return transport::KernelMove::kNotYet;
    is_moved_ = true;
    return transport::KernelMove::kDone;
  }
  [[nodiscard]] std::string_view error() const override { return error_; }
  void Describe(PeerFacts& facts) const override {
    facts.websocket.path += static_cast<char>(key_);
  }

 private:
  // Bytes pass as they are.
  [[nodiscard]] bool passes() const {
    return state_ == LayerState::kOpen && ((key_ >= 'A' && key_ <= 'Z') || key_ == kMovable);
  }
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
  const OnMove on_move_;
  LayerState state_ = LayerState::kOpening;
  bool is_started_ = false;
  bool after_special_ = false;
  bool is_moved_ = false;
  int move_tries_ = 0;
  size_t sent_bytes_ = 0;
  std::string error_;
};

// One layer a letter, bottom first.
inline transport::LayerStack MakeToyStack(ToyLayer::Side side, std::string_view keys,
                                          const ToyLayer::OnMove& on_move = nullptr) {
  std::vector<std::unique_ptr<transport::Layer>> layers;
  for (const char key : keys) {
    layers.push_back(std::make_unique<ToyLayer>(side, static_cast<uint8_t>(key), on_move));
  }
  return transport::LayerStack(std::move(layers));
}

}  // namespace ringmq::testing
