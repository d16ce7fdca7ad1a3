// Which protocol a peer speaks, from as few of its first bytes as can be.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "transport/byte_vector.h"
#include "transport/layer.h"

namespace ringmq::transport {

enum class Sniffed : uint8_t {
  kNeedMore,
  kTls,          // A handshake record.
  kHttp,         // "GET "
  kMqtt,         // CONNECT
  kProxyHeader,  // "PROXY " or the signature of version 2.
  kUnknown,
};

[[nodiscard]] Sniffed Sniff(std::span<const uint8_t> first_bytes);

// Stands where one of several layers may belong and becomes the right one with the first bytes.
class SniffLayer final : public Layer {
 public:
  // The layer for what was found; null: none, the bytes pass through.
  using Choose = std::function<std::unique_ptr<Layer>(Sniffed)>;
  explicit SniffLayer(Choose choose) : choose_(std::move(choose)) {}

  void Start(ByteSink& down) override;
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) override;
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override;
  void Close(ByteSink& down) override;
  void SetCloseCause(CloseCause cause) override;
  [[nodiscard]] LayerState state() const override;
  [[nodiscard]] bool is_transparent() const override;
  KernelMove MoveIntoKernel(int fd) override;
  [[nodiscard]] std::string_view error() const override;
  void Describe(PeerFacts& facts) const override;

 private:
  Choose choose_;  // Null once it is decided.
  std::vector<uint8_t> held_;
  std::unique_ptr<Layer> chosen_;
};

}  // namespace ringmq::transport
