// The PROXY header at the beginning of a connection, and nothing behind it.
//
//   server:  kOpening --header--> kOpen, transparent: what follows belongs to the layer above
//               |
//               +--anything else--> kFailed
//   client:  Start() writes the header; transparent from then on.
//
// Whoever may send such a header may say who it is: the owner puts ProxyServerLayer only before
// peers that it trusts, and refuses the others. The layer never guesses whether there is a header.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/layer.h"
#include "transport/proxy_header.h"

namespace ringmq::transport {

class ProxyServerLayer final : public Layer {
 public:
  // Requires: as ParseProxyHeader().
  explicit ProxyServerLayer(const ProxyRules& rules) : rules_(rules) {}

  void Start(ByteSink& down) override;
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override;
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override;
  void Close(ByteSink& down) override;
  [[nodiscard]] LayerState state() const override { return state_; }
  [[nodiscard]] bool is_transparent() const override { return state_ == LayerState::kOpen; }
  [[nodiscard]] std::string_view error() const override { return error_; }
  void Describe(PeerFacts& facts) const override;

  // Of a header that is not whole; for tests of the limit.
  [[nodiscard]] size_t held_bytes() const { return held_.size(); }

 private:
  void Open(const ProxyHeader& header);

  const ProxyRules rules_;
  LayerState state_ = LayerState::kOpening;
  bool is_closed_ = false;
  std::vector<uint8_t> held_;          // What came of a header that is not whole.
  std::unique_ptr<ProxyFacts> facts_;  // Not null in kOpen.
  std::string error_;
};

class ProxyClientLayer final : public Layer {
 public:
  // Requires: as MakeProxyHeader(). What the views point to may go afterwards.
  ProxyClientLayer(const ProxyHeader& header, const ProxyWriting& writing)
      : unsent_(MakeProxyHeader(header, writing)) {}

  void Start(ByteSink& down) override;
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override;
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override;
  void Close(ByteSink& down) override;
  [[nodiscard]] LayerState state() const override {
    return unsent_.empty() ? LayerState::kOpen : LayerState::kOpening;
  }
  [[nodiscard]] bool is_transparent() const override { return unsent_.empty(); }
  [[nodiscard]] std::string_view error() const override { return {}; }
  void Describe(PeerFacts& facts) const override;

 private:
  std::vector<uint8_t> unsent_;  // Empty once it started.
  bool is_closed_ = false;
};

}  // namespace ringmq::transport
