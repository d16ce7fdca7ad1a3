// SPDX-License-Identifier: Apache-2.0
#include "broker/outbox.h"

#include <utility>

#include "base/check.h"

namespace ringmq::broker {

Outbox::Outbox(CoreMesh& mesh, CoreId self, CoreId core_count)
    : mesh_(mesh), self_(self), overflow_(core_count) {}

void Outbox::Send(CoreId to, Parcel&& parcel) {
  RMQ_CHECK(to != self_);
  RMQ_CHECK(to < overflow_.size());
  if (overflow_[to].empty() && mesh_.TrySend(self_, to, std::move(parcel))) return;
  overflow_[to].push_back(std::move(parcel));
  ++waiting_;
}

void Outbox::SendBehindAll(CoreId to, Parcel&& parcel) {
  if (!blocked() && behind_.empty()) {
    Send(to, std::move(parcel));
    return;
  }
  behind_.push_back({to, std::move(parcel)});
}

void Outbox::Flush() {
  for (size_t to = 0; to < overflow_.size() && waiting_ > 0; ++to) {
    base::RingQueue<Parcel>& queue = overflow_[to];
    while (!queue.empty() &&
           mesh_.TrySend(self_, static_cast<CoreId>(to), std::move(queue.front()))) {
      queue.pop_front();
      --waiting_;
    }
  }
  while (!blocked() && !behind_.empty()) {
    Addressed next = std::move(behind_.front());
    behind_.pop_front();
    Send(next.to, std::move(next.parcel));
  }
  mesh_.Flush(self_);
}

}  // namespace ringmq::broker
