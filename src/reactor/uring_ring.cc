// SPDX-License-Identifier: Apache-2.0
#include "reactor/uring_ring.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "reactor/clock.h"
#include "reactor/uring_compat.h"

namespace ringmq::reactor {

struct UringRing::Kernel {
  io_uring ring{};
  bool open = false;
  unsigned enter_flags = 0;  // Those of every io_uring_enter.
  io_uring_buf_ring* buffers = nullptr;
  size_t buffers_bytes = 0;

  ~Kernel();
};

namespace {

constexpr uint16_t kBufferGroup = 0;

// Rich to poor. Kernel 6.1 takes the first; each later one drops what an older kernel, or an
// imitation of one (gVisor), may refuse.
constexpr unsigned kDeferredFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                    IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;
constexpr size_t kFirstForAnyThread = 2;
constexpr std::array<unsigned, 4> kSetupFlags = {
    kDeferredFlags | IORING_SETUP_COOP_TASKRUN,
    kDeferredFlags,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    0,
};

absl::Status SetupError(const char* what, int error) {
  const std::string message = absl::StrCat(what, ": ", std::strerror(error));
  const bool exhausted = error == ENOMEM || error == EMFILE || error == ENFILE;
  return exhausted ? absl::ResourceExhaustedError(message) : absl::UnavailableError(message);
}

int SetUpRing(const UringOptions& options, io_uring& ring) {
  int result = -EINVAL;
  const size_t first = options.threads == RingThreads::kAny ? kFirstForAnyThread : 0;
  for (size_t i = first; i < kSetupFlags.size(); ++i) {
    io_uring_params params{};
    params.flags = kSetupFlags[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = options.cq_entries;
    result = io_uring_queue_init_params(options.sq_entries, &ring, &params);
    if (result != -EINVAL) return result;
  }
  return result;
}

void ClearNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace

UringRing::Kernel::~Kernel() {
  if (open) {
    // Requests in flight end before the memory that they write to is given back.
    io_uring_sync_cancel_reg cancel{};
    cancel.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
    cancel.timeout = {.tv_sec = 1, .tv_nsec = 0};
    io_uring_register_sync_cancel(&ring, &cancel);
    io_uring_queue_exit(&ring);
  }
  if (buffers != nullptr) munmap(buffers, buffers_bytes);
}

absl::StatusOr<std::unique_ptr<UringRing>> UringRing::Create(const UringOptions& options) {
  auto kernel = std::make_unique<Kernel>();
  const int result = SetUpRing(options, kernel->ring);
  if (result < 0) return SetupError("io_uring_setup", -result);
  kernel->open = true;
  const unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE;
  if ((kernel->ring.features & needed) != needed) {
    return SetupError("io_uring features of kernel 5.11", EOPNOTSUPP);
  }
  // Saves looking the descriptor up in each system call; the ring works without, too.
  // The registration is the thread's.
  if (options.threads == RingThreads::kFirst) io_uring_register_ring_fd(&kernel->ring);
  if (kernel->ring.enter_ring_fd != kernel->ring.ring_fd) {
    kernel->enter_flags |= IORING_ENTER_REGISTERED_RING;
  }
  // Else top and load averages show a sleeping broker as 100 % waiting for a disk (below 6.15
  // they do).
  if ((kernel->ring.features & compat::kFeatureNoIowait) != 0) {
    kernel->enter_flags |= compat::kEnterNoIowait;
  }
  const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd < 0) return SetupError("eventfd", errno);
  std::unique_ptr<UringRing> ring(new UringRing(options, std::move(kernel), event_fd));
  const int registered = ring->SetUpBuffers();
  if (registered < 0) return SetupError("io_uring provided buffer ring", -registered);
  return ring;
}

UringRing::UringRing(const UringOptions& options, std::unique_ptr<Kernel> kernel, int event_fd)
    : kernel_(std::move(kernel)),
      pool_(options.buffer_count, options.buffer_size_bytes),
      gate_(event_fd),
      headers_(kernel_->ring.sq.ring_entries) {}

// The ring goes before the buffers that it fills and the descriptor that it watches.
UringRing::~UringRing() { kernel_.reset(); }

int UringRing::SetUpBuffers() {
  kernel_->buffers_bytes = pool_.count() * sizeof(io_uring_buf);
  void* const memory = mmap(nullptr, kernel_->buffers_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -ENOMEM;
  kernel_->buffers = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = pool_.count();
  registration.bgid = kBufferGroup;
  const int result = io_uring_register_buf_ring(&kernel_->ring, &registration, 0);
  if (result < 0) return result;
  io_uring_buf_ring_init(kernel_->buffers);
  for (uint32_t id = 0; id < pool_.count(); ++id) RecycleBuffer(static_cast<uint16_t>(id));
  PublishBuffers();
  return 0;
}

// The turn. A wake-up ends it even with nothing to return; a signal does not.
std::span<const Completion> UringRing::Enter(std::span<const Op> ops, Instant deadline,
                                             std::span<Completion> storage) {
  RMQ_CHECK(!storage.empty());
  woken_ = false;
  PublishBuffers();
  for (const Op& op : ops) Prepare(op);
  if (!wake_armed_) ArmWake();

  while (true) {
    const bool sleeps =
        io_uring_cq_ready(&kernel_->ring) == 0 && deadline > Now() && gate_.BeginSleep();
    const int result = EnterKernel(sleeps ? 1 : 0, deadline);
    RMQ_CHECK(result != -EEXIST);  // Not the thread that the ring belongs to.
    woken_ |= gate_.EndSleep();
    const size_t count = Harvest(storage);
    const bool failed = result < 0 && result != -EINTR && result != -ETIME;
    if (count > 0 || woken_ || !sleeps || failed || Now() >= deadline) return storage.first(count);
  }
}

void UringRing::Prepare(const Op& op) {
  RMQ_CHECK(op.token != kReservedToken);
  io_uring* const ring = &kernel_->ring;
  if (io_uring_sq_space_left(ring) == 0) SubmitPending();
  io_uring_sqe* const sqe = io_uring_get_sqe(ring);
  RMQ_CHECK(sqe != nullptr);
  switch (op.code) {
    case OpCode::kAccept:
      ClearNonBlocking(op.fd);
      io_uring_prep_multishot_accept(sqe, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case OpCode::kConnect:
      ClearNonBlocking(op.fd);
      io_uring_prep_connect(sqe, op.fd, static_cast<const sockaddr*>(op.address),
                            op.address_size_bytes);
      break;
    case OpCode::kRecv:
    case OpCode::kRecvMultishot:
      io_uring_prep_recv(sqe, op.fd, nullptr, 0, 0);
      if (op.code == OpCode::kRecvMultishot) sqe->ioprio |= IORING_RECV_MULTISHOT;
      sqe->flags |= IOSQE_BUFFER_SELECT;
      sqe->buf_group = kBufferGroup;
      break;
    case OpCode::kSend:
      PrepareSend(op, *sqe);
      break;
    case OpCode::kCancel:
      io_uring_prep_cancel64(sqe, op.target, 0);
      break;
    case OpCode::kClose:
      io_uring_prep_close(sqe, op.fd);
      break;
    case OpCode::kPoll:
      io_uring_prep_poll_add(sqe, op.fd, POLLIN);
      break;
  }
  sqe->user_data = op.token;
}

// One piece goes by the shorter way: 5-10 % less CPU than a gather for small data.
void UringRing::PrepareSend(const Op& op, io_uring_sqe& sqe) {
  RMQ_CHECK(!op.slices.empty());
  if (op.slices.size() == 1) {
    io_uring_prep_send(&sqe, op.fd, op.slices[0].iov_base, op.slices[0].iov_len, MSG_NOSIGNAL);
    return;
  }
  msghdr& header = headers_[static_cast<size_t>(&sqe - kernel_->ring.sq.sqes)];
  header = {};
  header.msg_iov = const_cast<iovec*>(op.slices.data());  // The kernel only reads it.
  header.msg_iovlen = std::min(op.slices.size(), kSlicesMax);
  io_uring_prep_sendmsg(&sqe, op.fd, &header, MSG_NOSIGNAL);
}

// A multishot poll posts one completion for each write to the descriptor, so nobody needs to
// read it; it is read here only so that the poll does not fire for what is past.
void UringRing::ArmWake() {
  gate_.Drain();
  if (io_uring_sq_space_left(&kernel_->ring) == 0) SubmitPending();
  io_uring_sqe* const sqe = io_uring_get_sqe(&kernel_->ring);
  RMQ_CHECK(sqe != nullptr);
  io_uring_prep_poll_multishot(sqe, gate_.descriptor(), POLLIN);
  sqe->user_data = kReservedToken;
  wake_armed_ = true;
}

// Makes room in the middle of a batch. The kernel refuses for want of memory only.
void UringRing::SubmitPending() {
  constexpr int kAttemptsMax = 1000;
  for (int i = 0; i < kAttemptsMax && io_uring_sq_space_left(&kernel_->ring) == 0; ++i) {
    EnterKernel(0, {});
  }
  RMQ_CHECK(io_uring_sq_space_left(&kernel_->ring) > 0);
}

// The one place that enters the kernel. By hand, because liburing 2.3 cannot pass on the newer
// flags. Always with GETEVENTS: completions of a deferring ring run nowhere else.
int UringRing::EnterKernel(uint32_t wait_count, Instant deadline) {
  io_uring& ring = kernel_->ring;
  ring.sq.sqe_head = ring.sq.sqe_tail;
  io_uring_smp_store_release(ring.sq.ktail, ring.sq.sqe_tail);
  const unsigned pending = ring.sq.sqe_tail - io_uring_smp_load_acquire(ring.sq.khead);

  __kernel_timespec timeout{};
  io_uring_getevents_arg argument{};
  if (wait_count > 0 && deadline != Instant::Max()) {
    const int64_t ns = std::max<int64_t>((deadline - Now()).ns, 0);
    timeout = {.tv_sec = ns / kSecond.ns, .tv_nsec = ns % kSecond.ns};
    argument.ts = reinterpret_cast<uint64_t>(&timeout);
  }
  const unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | kernel_->enter_flags;
  const int64_t result = syscall(__NR_io_uring_enter, ring.enter_ring_fd, pending, wait_count,
                                 flags, &argument, sizeof(argument));
  return result < 0 ? -errno : static_cast<int>(result);
}

size_t UringRing::Harvest(std::span<Completion> storage) {
  io_uring* const ring = &kernel_->ring;
  size_t count = 0;
  unsigned seen = 0;
  unsigned head = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(ring, head, cqe) {
    if (count == storage.size()) break;
    ++seen;
    const bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    if (cqe->user_data == kReservedToken) {
      woken_ = true;
      wake_armed_ = more;
      continue;
    }
    Completion& completion = storage[count++];
    completion = {.token = cqe->user_data, .result = cqe->res, .more = more};
    if ((cqe->flags & IORING_CQE_F_BUFFER) == 0) continue;
    completion.buffer_id = static_cast<uint16_t>(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe->res > 0) {
      pool_.Lend(completion.buffer_id);
    } else {
      // Kernels up to 6.x use a buffer up even to say "end of stream".
      RecycleBuffer(completion.buffer_id);
    }
  }
  io_uring_cq_advance(ring, seen);
  return count;
}

void UringRing::RecycleBuffer(uint16_t buffer_id) {
  const std::span<uint8_t> bytes = pool_.Bytes(buffer_id);
  io_uring_buf_ring_add(kernel_->buffers, bytes.data(), static_cast<unsigned>(bytes.size()),
                        buffer_id, io_uring_buf_ring_mask(pool_.count()),
                        static_cast<int>(unpublished_));
  ++unpublished_;
}

// One store for a turn's worth of buffers.
void UringRing::PublishBuffers() {
  if (unpublished_ == 0) return;
  io_uring_buf_ring_advance(kernel_->buffers, static_cast<int>(unpublished_));
  unpublished_ = 0;
}

std::span<uint8_t> UringRing::Buffer(uint16_t buffer_id) { return pool_.Bytes(buffer_id); }

void UringRing::ReleaseBuffer(uint16_t buffer_id) {
  pool_.TakeBack(buffer_id);
  RecycleBuffer(buffer_id);
}

Instant UringRing::Now() { return MonotonicNow(); }

int UringRing::PollDescriptor() const {
  gate_.AlwaysSignal();
  return kernel_->ring.ring_fd;
}

}  // namespace ringmq::reactor
