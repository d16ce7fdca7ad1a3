// A reactor::Ring on the imitated network: does what the contract of reactor/ring.h allows a kernel
// to do at its worst, and checks that the caller keeps its half of the contract.
//
// Enter() never waits. It notes the deadline; whoever drives the shards asks NextEvent() when this
// ring's shard has to be given a turn, and moves the clock.
//
// What it checks of the caller: tokens in flight are unique; no operation on a descriptor that is
// not open; no close while something is outstanding on the descriptor; one send and one receive at
// a time on each; lent buffers come back once and before the next Enter(); the bytes of a send do
// not change until it completes.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "reactor/ring.h"
#include "sim/sim_network.h"
#include "sim/world.h"

namespace ringmq::sim {

class SimRing final : public reactor::Ring {
 public:
  SimRing(World& world, SimNetwork& network, size_t buffer_count, size_t buffer_bytes);

  std::span<const reactor::Completion> Enter(std::span<const reactor::Op> ops, Instant deadline,
                                             std::span<reactor::Completion> storage) override;
  std::span<uint8_t> Buffer(uint16_t buffer_id) override;
  void ReleaseBuffer(uint16_t buffer_id) override;
  Instant Now() override { return world_.now; }
  void Wake() override { woken_ = true; }
  [[nodiscard]] int PollDescriptor() const override { return -1; }

  // When Enter() would return: now or earlier if something waits.
  [[nodiscard]] Instant NextEvent() const;
  // The last Enter() neither took nor gave anything and was ready to sleep.
  [[nodiscard]] bool slept() const { return slept_; }
  // Operations that hold the descriptor.
  [[nodiscard]] size_t Outstanding(int fd) const;

 private:
  struct Flight {
    reactor::Op op;
    uint64_t bytes_hash = 0;
    Instant ready = Instant::Max();  // When it is looked at again, once the network is ready.
    bool cancelled = false;
    bool ended = false;   // Its last completion is posted.
    uint32_t posted = 0;  // Completions that wait to be given out.
  };
  struct Posted {
    reactor::Completion completion;
    Instant due;
  };

  void Submit(const reactor::Op& op);
  void CheckNew(const reactor::Op& op) const;
  void Cancel(const reactor::Op& op);
  [[nodiscard]] bool NetworkReady(const Flight& flight) const;
  void Pump();
  void Perform(Flight& flight);
  void PerformAccept(Flight& flight);
  void PerformReceive(Flight& flight);
  void PerformSend(Flight& flight);
  void Post(Flight& flight, int32_t result, bool more, uint16_t buffer_id = 0);
  [[nodiscard]] Instant DueTime();
  [[nodiscard]] static uint64_t HashOf(std::span<const iovec> slices);
  size_t GiveOut(std::span<reactor::Completion> storage);
  [[nodiscard]] std::vector<size_t> Eligible() const;

  World& world_;
  SimNetwork& network_;
  std::map<uint64_t, Flight> flights_;  // By token; until the last completion is given out.
  std::deque<Posted> posted_;
  std::vector<std::vector<uint8_t>> buffers_;
  std::vector<uint16_t> free_buffers_;
  std::set<uint16_t> posted_buffers_;  // Filled, their completion not yet given out.
  std::set<uint16_t> lent_;
  Instant deadline_ = Instant{};
  bool woken_ = false;
  bool slept_ = false;
};

}  // namespace ringmq::sim
