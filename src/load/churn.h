// What a worker remembers of connections that come and go.
//
// There are more places than clients: whoever leaves keeps its place until the broker has let go of
// the connection, and who comes takes a free one. So how long a connect takes does not depend on
// how long the leaving of another one does; only without any free place it has to wait, which is
// the broker's doing.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ring_queue.h"
#include "measure/schedule.h"

namespace ringmq::load {

struct Churning {
  explicit Churning(const measure::ScheduleOptions& options) : schedule(options) {}

  // A client that came, and whose life on this place it was: it may have ended otherwise since.
  struct Client {
    size_t place = 0;
    uint32_t life = 0;
  };

  measure::Schedule schedule;         // Of connects.
  std::vector<size_t> free;           // Places, of peers_.
  std::vector<uint32_t> lives;        // Of each place, so far.
  base::RingQueue<Client> connected;  // Who has been there longest is first.
  uint64_t to_leave = 0;              // For each that came one leaves.
  uint64_t connecting = 0;
  int64_t blocked_ns = 0;  // What was due until then had to wait for a free place.
};

// How many places beyond those of the clients: half a second of what comes, but some for each
// thread.
[[nodiscard]] constexpr uint32_t SparePlaces(double per_s, uint32_t threads) {
  const double places = per_s / 2;
  const double most = 20'000;
  return static_cast<uint32_t>(places < most ? places : most) + 16 * threads;
}

}  // namespace ringmq::load
