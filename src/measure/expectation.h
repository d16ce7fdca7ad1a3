// How many deliveries the subscriptions promise, so that "nothing lost" is more than "nothing
// missing in between".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace ringmq::measure {

enum class NoLocal : uint8_t { kOff, kOn };

// Who gets what one publisher sends to one topic. Each subscriber counts once, however many of its
// filters match, as the load tool subscribes with one filter per topic.
struct Audience {
  uint64_t subscribers = 0;    // Plain subscriptions that match, the publisher's own included.
  uint64_t shared_groups = 0;  // Share names that match and have a member: each gets it once.
  uint64_t own = 0;            // Those of `subscribers` that are the publisher itself: 0 or 1.
  NoLocal no_local = NoLocal::kOff;  // On the publisher's own; never on a shared one
                                     // [MQTT-3.8.3-4].
};

// Deliveries of one publication.
[[nodiscard]] constexpr uint64_t DeliveriesEach(const Audience& audience) {
  RMQ_CHECK(audience.own <= std::min<uint64_t>(audience.subscribers, 1));
  const uint64_t withheld = audience.no_local == NoLocal::kOn ? audience.own : 0;
  return audience.subscribers - withheld + audience.shared_groups;
}

// Deliveries of `publications`, all to that audience. A shared group as a whole is one receiver;
// what a single member gets is the broker's choice and not expected.
[[nodiscard]] constexpr uint64_t ExpectedDeliveries(uint64_t publications,
                                                    const Audience& audience) {
  return publications * DeliveriesEach(audience);
}

// The quality of service that a delivery has to have. [MQTT-3.8.4-8]
[[nodiscard]] constexpr uint8_t ExpectedQos(uint8_t published, uint8_t granted) {
  return std::min(published, granted);
}

}  // namespace ringmq::measure
