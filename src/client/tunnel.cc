// SPDX-License-Identifier: Apache-2.0
#include "client/tunnel.h"

#include "base/check.h"
#include "transport/queue_sink.h"
#include "transport/wrap_queue.h"

namespace ringmq::client {

using transport::OutputQueue;
using transport::QueueSink;

Tunnel::Tunnel(transport::LayerStack layers, transport::ChunkPool& pool)
    : pool_(pool), layers_(std::move(layers)) {
  QueueSink down(output_, pool_);
  layers_.Start(down);
}

Tunnel::~Tunnel() {
  if (output_.sending()) output_.EndSend(pool_, 0);
  output_.Reset(pool_);
}

std::span<const uint8_t> Tunnel::Receive(std::span<const uint8_t> bytes) {
  QueueSink down(output_, pool_);
  transport::ByteVector up = std::exchange(spare_, {});
  layers_.Receive(bytes, up, down);
  if (up.empty()) {
    spare_ = std::move(up);
    return {};
  }
  return shown_.emplace_back(std::move(up)).bytes();
}

void Tunnel::BeginBatch(bool in_use) {
  const size_t kept = in_use && !shown_.empty() ? 1 : 0;
  while (shown_.size() > kept) {
    spare_ = std::move(shown_.front());
    spare_.Clear();
    shown_.pop_front();
  }
}

void Tunnel::Wrap(OutputQueue& plain) {
  RMQ_CHECK(!output_.sending());
  wrapped_bytes_ += transport::WrapQueue(layers_, plain, output_, pool_);
}

void Tunnel::SayGoodbye() {
  if (said_goodbye_) return;
  said_goodbye_ = true;
  QueueSink down(output_, pool_);
  layers_.Close(down);
}

void Tunnel::OnSent(size_t sent_bytes) {
  output_.EndSend(pool_, sent_bytes);
  // Which of them are gone before that, only the layers could tell.
  if (output_.empty()) gone_bytes_ += std::exchange(wrapped_bytes_, 0);
}

}  // namespace ringmq::client
