// What a run without publishers hears: messages of other runs of this tool, on this host or not,
// and of anybody else.
//
// A flow is one publisher of one run towards one of our subscribers. It begins with the first
// message that is heard, so only what is missing behind that is lost.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "measure/flow.h"
#include "measure/stamp.h"

namespace ringmq::load {

class Others {
 public:
  // What one message of theirs adds to the counts of a run. `is_promised`: it has QoS 1 or 2, so
  // what is missing before it is a fault. Does nothing but count the message once there are
  // kFlowsMax flows.
  void Observe(size_t subscriber, const measure::Stamp& stamp, bool is_promised,
               measure::IntegrityCounts& counts);

  // It has been away without a session: its flows begin anew with the next messages.
  void Forget(size_t subscriber);

  // What a message of `due_ns` that is there at `now_ns` took; negative: its clock is another
  // host's, as far as can be seen.
  [[nodiscard]] static int64_t LatencyNs(int64_t due_ns, int64_t now_ns);

  static constexpr size_t kFlowsMax = 1 << 20;

 private:
  struct Key {
    size_t subscriber;
    uint32_t run;
    uint32_t publisher;

    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Key& key) {
      return H::combine(std::move(state), key.subscriber, key.run, key.publisher);
    }
  };
  struct Flow {
    uint64_t first = 0;  // The number of the first message.
    measure::FlowWindow window;
  };

  absl::flat_hash_map<Key, Flow> flows_;
};

}  // namespace ringmq::load
