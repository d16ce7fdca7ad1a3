// The Ring on epoll: the same contract where io_uring is forbidden (the default seccomp profile
// of containers, the io_uring_disabled sysctl), and the control in our own benches.
//
// Sends, accepts and connects are tried at once and wait only if the kernel says so; receives
// wait for readiness first. Level-triggered: what a descriptor is watched for is what the
// operations on it want, brought up to date once a turn, so that a receive that stays armed costs
// no epoll_ctl at all.
//
// At most kSlicesMax slices of a kSend are looked at; the token kReservedToken may not be used.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "base/ring_queue.h"
#include "reactor/buffer_pool.h"
#include "reactor/ring.h"
#include "reactor/ring_options.h"
#include "reactor/wake_gate.h"

struct epoll_event;

namespace ringmq::reactor {

class EpollRing final : public Ring {
 public:
  // Of `options`, only the buffers count. kResourceExhausted: memory or descriptors ran out.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<EpollRing>> Create(
      const UringOptions& options);
  ~EpollRing() override;

  std::span<const Completion> Enter(std::span<const Op> ops, Instant deadline,
                                    std::span<Completion> storage) override;
  std::span<uint8_t> Buffer(uint16_t buffer_id) override;
  void ReleaseBuffer(uint16_t buffer_id) override;
  Instant Now() override;
  void Wake() override { gate_.Notify(); }
  // Calling it makes every later Wake() a system call: somebody waits outside of Enter().
  [[nodiscard]] int PollDescriptor() const override;

 private:
  // What waits on one descriptor, first come first served. Nearly always one of each.
  struct Watch {
    absl::InlinedVector<Op, 1> readers;
    absl::InlinedVector<Op, 1> writers;
    uint32_t watched = 0;  // The events that epoll was told; 0: epoll does not know it.
    bool stale = false;    // Listed in stale_.
  };
  enum class Progress : uint8_t { kDone, kAgain };

  EpollRing(const UringOptions& options, int epoll_fd, int event_fd);

  void Start(const Op& op);
  void StartWriter(const Op& op);
  void Await(const Op& op);
  void Cancel(const Op& op);
  void Close(const Op& op);

  void UpdateWatches();
  void UpdateWatch(int fd, Watch& watch);
  void Wait(Instant deadline, bool may_sleep);
  [[nodiscard]] int WaitForEvents(Instant deadline, std::span<epoll_event> events);
  void OnEvents(int fd, uint32_t events);
  void OnReadable(Watch& watch, uint32_t events);
  void OnWritable(Watch& watch);

  [[nodiscard]] Progress Read(const Op& op, uint32_t events);
  [[nodiscard]] Progress Accept(const Op& op);
  [[nodiscard]] Progress Receive(const Op& op);
  [[nodiscard]] Progress Write(const Op& op);

  Watch& WatchOf(int fd);
  void MarkStale(int fd, Watch& watch);
  void Finish(const Op& op, int64_t result);
  size_t TakeFinished(std::span<Completion> storage);

  const int epoll_fd_;
  BufferPool pool_;
  mutable WakeGate gate_;
  std::vector<uint16_t> free_buffers_;  // The last one back goes out first: it is in the cache.
  std::vector<std::unique_ptr<Watch>> watches_;       // By descriptor.
  absl::flat_hash_map<uint64_t, int> descriptor_of_;  // By token, of what waits.
  std::vector<int> stale_;                            // Watches that epoll must be told about.
  base::RingQueue<Completion> finished_;
  mutable bool polled_outside_ = false;
  bool woken_ = false;
  bool has_precise_wait_ = true;  // epoll_pwait2: kernel 5.11.
};

}  // namespace ringmq::reactor
