// SPDX-License-Identifier: Apache-2.0
#include "transport/sniff.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "transport/proxy_header.h"

namespace ringmq::transport {
namespace {

struct Signature {
  std::string_view bytes;
  Sniffed meaning;
};

constexpr Signature kSignatures[] = {
    {"\x16\x03", Sniffed::kTls},  // RFC 8446 s5.1: handshake, legacy version 3.x.
    {"GET ", Sniffed::kHttp},
    {"\x10", Sniffed::kMqtt},
    {kProxyV1Signature, Sniffed::kProxyHeader},
    {kProxyV2Signature, Sniffed::kProxyHeader},
};

}  // namespace

Sniffed Sniff(std::span<const uint8_t> first_bytes) {
  const std::string_view text(
      static_cast<const char*>(static_cast<const void*>(first_bytes.data())), first_bytes.size());
  bool may_become = false;
  for (const Signature& signature : kSignatures) {
    if (text.starts_with(signature.bytes)) return signature.meaning;
    if (signature.bytes.starts_with(text)) may_become = true;
  }
  return may_become ? Sniffed::kNeedMore : Sniffed::kUnknown;
}

void SniffLayer::Start(ByteSink&) {}  // The peer speaks first.

void SniffLayer::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  if (choose_ == nullptr) {
    if (chosen_ != nullptr) {
      chosen_->Receive(input, up, down);
    } else {
      up.Append(input);
    }
    return;
  }
  held_.insert(held_.end(), input.begin(), input.end());
  const Sniffed found = Sniff(held_);
  if (found == Sniffed::kNeedMore) return;
  chosen_ = std::exchange(choose_, nullptr)(found);
  const std::vector<uint8_t> held = std::exchange(held_, {});
  if (chosen_ != nullptr) chosen_->Start(down);
  Receive(held, up, down);
}

void SniffLayer::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  if (chosen_ != nullptr) {
    chosen_->Send(bytes, down);
  } else {
    down.Append(bytes);
  }
}

void SniffLayer::Close(ByteSink& down) {
  if (chosen_ != nullptr) chosen_->Close(down);
}

void SniffLayer::SetCloseCause(CloseCause cause) {
  if (chosen_ != nullptr) chosen_->SetCloseCause(cause);
}

LayerState SniffLayer::state() const {
  if (choose_ != nullptr) return LayerState::kOpening;
  return chosen_ == nullptr ? LayerState::kOpen : chosen_->state();
}

bool SniffLayer::is_transparent() const {
  if (choose_ != nullptr) return false;
  return chosen_ == nullptr || chosen_->is_transparent();
}

KernelMove SniffLayer::MoveIntoKernel(int fd) {
  return chosen_ == nullptr ? KernelMove::kNever : chosen_->MoveIntoKernel(fd);
}

std::string_view SniffLayer::error() const {
  return chosen_ == nullptr ? std::string_view() : chosen_->error();
}

void SniffLayer::Describe(PeerFacts& facts) const {
  if (chosen_ != nullptr) chosen_->Describe(facts);
}

}  // namespace ringmq::transport
