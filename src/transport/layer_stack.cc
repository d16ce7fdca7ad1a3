// SPDX-License-Identifier: Apache-2.0
#include "transport/layer_stack.h"

#include <algorithm>

#include "base/check.h"
#include "transport/byte_vector.h"

namespace ringmq::transport {

void LayerStack::Start(ByteSink& down) {
  RMQ_CHECK(started_ == 0);
  StartWhatMay(down);
  RemoveTransparent();
}

// A layer begins when all below it are open, or were: what a peer says in one breath with its
// goodbye still rises.
void LayerStack::StartWhatMay(ByteSink& down) {
  const auto was_open = [](LayerState state) {
    return state == LayerState::kOpen || state == LayerState::kEnded;
  };
  while (started_ < layers_.size() && (started_ == 0 || was_open(layers_[started_ - 1]->state()))) {
    const size_t index = started_++;
    if (index == 0) {
      layers_[0]->Start(down);
      continue;
    }
    ByteVector said;
    layers_[index]->Start(said);
    SendFrom(index, said.bytes(), down);
  }
}

void LayerStack::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  ReceiveAt(0, input, up, down);
  RemoveTransparent();
}

void LayerStack::ReceiveAt(size_t index, std::span<const uint8_t> input, ByteSink& up,
                           ByteSink& down) {
  if (index == layers_.size()) {
    up.Append(input);
    return;
  }
  const bool is_top = index + 1 == layers_.size();
  ByteVector risen;
  ByteSink& above = is_top ? up : risen;
  if (index == 0) {
    layers_[0]->Receive(input, above, down);
  } else {
    ByteVector said;
    layers_[index]->Receive(input, above, said);
    SendFrom(index, said.bytes(), down);
  }
  StartWhatMay(down);
  // A layer that fails while it opens has nothing above it that could listen.
  if (is_top || risen.empty() || started_ == index + 1) return;
  ReceiveAt(index + 1, risen.bytes(), up, down);
}

// What layer `above` has to say, through all below it. What they cannot carry any more is lost
// with them.
void LayerStack::SendFrom(size_t above, std::span<const uint8_t> bytes, ByteSink& down) {
  if (bytes.empty()) return;
  if (above == 0) {
    down.Append(bytes);
    return;
  }
  Layer& layer = *layers_[above - 1];
  if (layer.state() != LayerState::kOpen) return;
  if (above == 1) {
    layer.Send(bytes, down);
    return;
  }
  ByteVector wrapped;
  layer.Send(bytes, wrapped);
  SendFrom(above - 1, wrapped.bytes(), down);
}

void LayerStack::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  RMQ_CHECK(open());
  SendFrom(layers_.size(), bytes, down);
}

void LayerStack::Close(ByteSink& down, CloseCause cause) {
  for (size_t index = layers_.size(); index-- > 0;) {
    ByteVector said;
    layers_[index]->SetCloseCause(cause);
    layers_[index]->Close(said);
    SendFrom(index, said.bytes(), down);
  }
}

LayerState LayerStack::state() const {
  LayerState worst = LayerState::kOpen;
  for (const auto& layer : layers_) {
    const LayerState state = layer->state();
    if (state == LayerState::kFailed) return state;
    if (state == LayerState::kEnded) worst = state;
    if (state == LayerState::kOpening && worst == LayerState::kOpen) worst = state;
  }
  return worst;
}

std::string_view LayerStack::error() const {
  const auto failed = std::find_if(layers_.begin(), layers_.end(), [](const auto& layer) {
    return layer->state() == LayerState::kFailed;
  });
  return failed == layers_.end() ? std::string_view() : (*failed)->error();
}

PeerFacts LayerStack::Describe() const {
  PeerFacts facts = facts_ == nullptr ? PeerFacts() : *facts_;
  for (const auto& layer : layers_) layer->Describe(facts);
  return facts;
}

void LayerStack::RemoveTransparent() {
  const auto is_done = [this](const std::unique_ptr<Layer>& layer) {
    if (!layer->is_transparent()) return false;
    if (facts_ == nullptr) facts_ = std::make_unique<PeerFacts>();
    layer->Describe(*facts_);
    return true;
  };
  const size_t before = layers_.size();
  layers_.erase(std::remove_if(layers_.begin(), layers_.end(), is_done), layers_.end());
  // Only what was started is ever transparent.
  started_ -= before - layers_.size();
}

KernelMove LayerStack::MoveIntoKernel(int fd) {
  // A peer's goodbye may have come together with what makes the caller ask.
  if (layers_.empty() || !open()) return KernelMove::kNever;
  const KernelMove move = layers_.front()->MoveIntoKernel(fd);
  if (move == KernelMove::kDone) RemoveTransparent();
  return move;
}

}  // namespace ringmq::transport
