// Telling the other cores which filters have subscribers here, and hearing that they know.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/core.h"

namespace ringmq::broker {

class Interests {
 public:
  explicit Interests(Core& core) : core_(core) {}

  // To every other core. With a job, each of them answers InterestAck once all that it published
  // without knowing is on its way.
  void Announce(const routing::InterestChange& change, uint64_t job);
  // How many answers a job has to wait for per announcement.
  [[nodiscard]] uint32_t acks_per_announcement() const { return core_.options.count - 1u; }

  void OnUpdate(CoreId from, InterestUpdate update);

 private:
  Core& core_;
};

}  // namespace ringmq::broker
