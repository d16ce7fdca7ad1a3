// The seam between the broker and the kernel.
//
// A Ring takes a batch of operations and later gives back a batch of completions. What calls a
// Ring is ordinary deterministic code. What implements one is either Linux (uring_ring.cc,
// epoll_ring.cc) or a seeded imitation of Linux that lies, delays and fails on purpose
// (tests/sim/sim_ring.cc).
//
// Why a virtual call here: it happens once per loop turn, not once per packet, and it lets the
// simulation link the very object files that we ship. bench/reactor/ring_bench.cc watches the
// price.
//
// What every implementation promises:
//   - An operation owns its buffer until the completion that has `more == false`.
//   - A token comes back untouched. All 64 bits are the caller's, except that the value UINT64_MAX
//     is the ring's own (kReservedToken).
//   - Completions of different operations may come in any order; those of one multishot
//     operation come in order.
//   - Cancelling hastens a completion; it never swallows one. The cancelled operation completes
//     with -ECANCELED (or with the result that beat the cancel) and `more == false`.
//   - A kRecv that completes with result > 0 lends the caller one pool buffer; the caller gives
//     it back with ReleaseBuffer(). A shard does so before its next Enter(), which the simulation
//     checks; whoever holds one longer (the client, for its views) has it missing from the pool.
//     Result 0 is end of stream.
//   - A multishot operation may end (`more == false`) at any time and for no reason; the caller
//     arms it again. -ENOBUFS means the pool was empty: give buffers back, then arm again.
//   - A send is partial more often than one thinks: the caller sends the rest.
//   - kClose closes the descriptor only after the caller has seen the last completion of every
//     other operation on it: the caller counts.
//
// Thread: a Ring belongs to the thread that first calls Enter(), except Wake(), which any thread
// may call.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/time.h"

namespace ringmq::reactor {

enum class OpCode : uint8_t {
  kAccept,         // Multishot on a listening descriptor; result is the new descriptor.
  kConnect,        // `address` and `address_size_bytes`; result 0 or -errno.
  kRecv,           // One receive into a pool buffer.
  kRecvMultishot,  // As kRecv, again and again.
  kSend,           // `slices`: one or more pieces, sent in order; result is the byte count.
  kCancel,         // Cancels the operation whose token is `target`; result 0 or -ENOENT.
  kClose,          // Closes `fd`.
  kPoll,           // One-shot readiness of `fd` for reading (hibernating connections, signals).
};

struct Op {
  OpCode code;
  int32_t fd = -1;
  uint64_t token = 0;   // Returned untouched in each completion; unique among operations in flight.
  uint64_t target = 0;  // kCancel only.
  // kSend only. The slices and the bytes they point to live until the completion.
  std::span<const iovec> slices = {};
  // kConnect only. Lives until the completion.
  const void* address = nullptr;
  uint32_t address_size_bytes = 0;
};

struct Completion {
  uint64_t token = 0;
  int32_t result = 0;      // A byte count or descriptor, or -errno.
  uint16_t buffer_id = 0;  // Meaningful only for a kRecv or kRecvMultishot with result > 0.
  bool more = false;       // A multishot operation stays armed.
};

class Ring {
 public:
  virtual ~Ring() = default;

  // Submits every op, then waits until something completes, Wake() was called, or `deadline`
  // passes. Returns the part of `storage` that was filled; empty means woken or deadline passed.
  // A deadline in the past polls. What does not fit in `storage` comes with the next call.
  virtual std::span<const Completion> Enter(std::span<const Op> ops, Instant deadline,
                                            std::span<Completion> storage) = 0;

  // The bytes of a lent pool buffer; the caller slices it to the completion's result. Stays
  // valid until ReleaseBuffer(buffer_id).
  virtual std::span<uint8_t> Buffer(uint16_t buffer_id) = 0;
  virtual void ReleaseBuffer(uint16_t buffer_id) = 0;

  // Monotonic now; the only clock of a shard. Cheap, but callers read it once a turn.
  virtual Instant Now() = 0;

  // Makes a sleeping or the next Enter() return early. Any thread; any number of calls before
  // that Enter() count as one.
  virtual void Wake() = 0;

  // A descriptor that polls readable when Enter() with a past deadline would return something.
  // -1 where the implementation has none. Constant for the ring's life.
  [[nodiscard]] virtual int PollDescriptor() const = 0;
};

}  // namespace ringmq::reactor
