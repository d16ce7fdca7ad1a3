// What a core wants to tell others and the lanes have no room for yet.
//
// Nothing that crosses is ever dropped, and no core ever waits for another: a parcel that finds
// its lane full waits here, and while anything waits here the shard reads no more from publishers
// (blocked()), so that what waits is bounded by what was already accepted.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ring_queue.h"
#include "broker/parcel.h"

namespace ringmq::broker {

class Outbox {
 public:
  Outbox(CoreMesh& mesh, CoreId self, CoreId core_count);

  void Send(CoreId to, Parcel&& parcel);
  // Sends once everything that was sent before, to whichever core, is in its lane. A core that
  // hears it may thus rely on the others having been told.
  void SendBehindAll(CoreId to, Parcel&& parcel);
  // Moves what waits into the lanes and wakes the cores that got something. Once a turn.
  void Flush();

  [[nodiscard]] bool blocked() const { return waiting_ > 0; }
  [[nodiscard]] bool empty() const { return waiting_ == 0 && behind_.empty(); }

 private:
  struct Addressed {
    CoreId to = 0;
    Parcel parcel;
  };

  CoreMesh& mesh_;
  const CoreId self_;
  std::vector<base::RingQueue<Parcel>> overflow_;  // By destination.
  base::RingQueue<Addressed> behind_;
  size_t waiting_ = 0;  // Parcels in all of overflow_.
};

}  // namespace ringmq::broker
