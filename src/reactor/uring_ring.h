// The Ring on io_uring: the product.
//
// One submission per turn carries all operations of the turn and waits for the first completion.
// Receives fill buffers of a ring that the kernel takes from by itself, so an idle connection
// owns no memory of ours. Sends mostly complete while they are submitted, and then the same
// system call brings their completions back.
//
// Three things that callers must know beyond the contract in ring.h:
//   - Descriptors given to kRecv, kRecvMultishot and kSend should be in blocking mode, as the
//     accepted ones are: with O_NONBLOCK the kernel answers -EAGAIN instead of waiting. kAccept
//     and kConnect put their descriptor into blocking mode themselves. Nothing ever blocks.
//   - At most kSlicesMax slices of a kSend are looked at; the rest makes the send partial.
//   - The token kReservedToken is the ring's own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "reactor/buffer_pool.h"
#include "reactor/ring.h"
#include "reactor/ring_options.h"
#include "reactor/wake_gate.h"

struct io_uring_sqe;

namespace ringmq::reactor {

class UringRing final : public Ring {
 public:
  // Call it on the thread that will own the ring: the kernel ties the ring to that thread.
  // kUnavailable: this kernel or sandbox has no io_uring (the message says which error);
  // kResourceExhausted: memory or descriptors ran out.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<UringRing>> Create(
      const UringOptions& options);
  ~UringRing() override;

  std::span<const Completion> Enter(std::span<const Op> ops, Instant deadline,
                                    std::span<Completion> storage) override;
  std::span<uint8_t> Buffer(uint16_t buffer_id) override;
  void ReleaseBuffer(uint16_t buffer_id) override;
  Instant Now() override;
  void Wake() override { gate_.Notify(); }
  // Calling it makes every later Wake() a system call: somebody waits outside of Enter().
  [[nodiscard]] int PollDescriptor() const override;

 private:
  struct Kernel;  // liburing's structures; uring_ring.cc alone sees them.

  UringRing(const UringOptions& options, std::unique_ptr<Kernel> kernel, int event_fd);
  [[nodiscard]] int SetUpBuffers();
  void Prepare(const Op& op);
  void PrepareSend(const Op& op, io_uring_sqe& sqe);
  void ArmWake();
  void RecycleBuffer(uint16_t buffer_id);
  void PublishBuffers();
  void SubmitPending();
  int EnterKernel(uint32_t wait_count, Instant deadline);
  size_t Harvest(std::span<Completion> storage);

  std::unique_ptr<Kernel> kernel_;
  BufferPool pool_;
  mutable WakeGate gate_;
  // One for each submission slot: a msghdr lives until its slot has been submitted, and the
  // kernel has copied it by then (IORING_FEAT_SUBMIT_STABLE, kernel 5.5).
  std::vector<msghdr> headers_;
  uint32_t unpublished_ = 0;  // Buffers returned, but not yet shown to the kernel.
  bool wake_armed_ = false;
  bool woken_ = false;  // The wake descriptor fired during the current Enter().
};

}  // namespace ringmq::reactor
