// SPDX-License-Identifier: Apache-2.0
#include "reactor/epoll_ring.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "reactor/clock.h"

namespace ringmq::reactor {
namespace {

constexpr size_t kEventsMax = 512;
// Bounds on what one descriptor may do in one turn, so that none starves the others.
constexpr int kReceivesMax = 8;
constexpr int kAcceptsMax = 64;

absl::Status ResourceError(const char* what) {
  return absl::ResourceExhaustedError(absl::StrCat(what, ": ", std::strerror(errno)));
}

void SetNonBlocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int64_t OrErrno(int64_t result) { return result < 0 ? -errno : result; }

int64_t SendSlices(const Op& op) {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (op.slices.size() == 1) {
    return OrErrno(send(op.fd, op.slices[0].iov_base, op.slices[0].iov_len, kFlags));
  }
  msghdr header{};
  header.msg_iov = const_cast<iovec*>(op.slices.data());  // The kernel only reads it.
  header.msg_iovlen = std::min(op.slices.size(), kSlicesMax);
  return OrErrno(sendmsg(op.fd, &header, kFlags));
}

int64_t ConnectResult(int fd) {
  int error = 0;
  socklen_t size_bytes = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size_bytes) < 0) return -errno;
  return -error;
}

bool Interrupted(int64_t result) { return result == -EINTR; }
bool WouldBlock(int64_t result) { return result == -EAGAIN || result == -EWOULDBLOCK; }

}  // namespace

absl::StatusOr<std::unique_ptr<EpollRing>> EpollRing::Create(const UringOptions& options) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return ResourceError("epoll_create1");
  const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd < 0) {
    close(epoll_fd);
    return ResourceError("eventfd");
  }
  std::unique_ptr<EpollRing> ring(new EpollRing(options, epoll_fd, event_fd));
  epoll_event event{.events = EPOLLIN, .data = {.fd = event_fd}};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event_fd, &event) < 0) return ResourceError("epoll_ctl");
  return ring;
}

EpollRing::EpollRing(const UringOptions& options, int epoll_fd, int event_fd)
    : epoll_fd_(epoll_fd), pool_(options.buffer_count, options.buffer_size_bytes), gate_(event_fd) {
  for (uint32_t id = pool_.count(); id-- > 0;) free_buffers_.push_back(static_cast<uint16_t>(id));
}

EpollRing::~EpollRing() { close(epoll_fd_); }

std::span<const Completion> EpollRing::Enter(std::span<const Op> ops, Instant deadline,
                                             std::span<Completion> storage) {
  RMQ_CHECK(!storage.empty());
  woken_ = false;
  for (const Op& op : ops) Start(op);
  UpdateWatches();
  do {
    const bool sleeps = finished_.empty() && deadline > Now() && gate_.BeginSleep();
    if (finished_.size() < storage.size()) Wait(deadline, sleeps);
    woken_ |= gate_.EndSleep();
    if (!sleeps) break;
  } while (finished_.empty() && !woken_ && Now() < deadline);
  const size_t count = TakeFinished(storage);
  // What is left over must show on the descriptor that somebody else watches.
  if (polled_outside_ && !finished_.empty()) gate_.Signal();
  return storage.first(count);
}

void EpollRing::Start(const Op& op) {
  RMQ_CHECK(op.token != kReservedToken);
  switch (op.code) {
    case OpCode::kAccept:
      SetNonBlocking(op.fd);
      Await(op);
      break;
    case OpCode::kRecv:
    case OpCode::kRecvMultishot:
    case OpCode::kPoll:
      Await(op);
      break;
    case OpCode::kConnect:
    case OpCode::kSend:
      StartWriter(op);
      break;
    case OpCode::kCancel:
      Cancel(op);
      break;
    case OpCode::kClose:
      Close(op);
      break;
  }
}

void EpollRing::StartWriter(const Op& op) {
  if (op.fd < 0) return Finish(op, -EBADF);
  if (op.code == OpCode::kConnect) {
    SetNonBlocking(op.fd);
    const int64_t result =
        OrErrno(connect(op.fd, static_cast<const sockaddr*>(op.address), op.address_size_bytes));
    if (result != -EINPROGRESS && !Interrupted(result)) return Finish(op, result);
    return Await(op);
  }
  RMQ_CHECK(!op.slices.empty());
  if (!WatchOf(op.fd).writers.empty() || Write(op) == Progress::kAgain) Await(op);
}

// Keeps `op` until its descriptor is ready or it is cancelled.
void EpollRing::Await(const Op& op) {
  if (op.fd < 0) return Finish(op, -EBADF);
  Watch& watch = WatchOf(op.fd);
  const bool writes = op.code == OpCode::kSend || op.code == OpCode::kConnect;
  (writes ? watch.writers : watch.readers).push_back(op);
  const bool is_new = descriptor_of_.emplace(op.token, op.fd).second;
  RMQ_CHECK(is_new);  // Tokens of operations in flight are unique.
  MarkStale(op.fd, watch);
}

void EpollRing::Cancel(const Op& op) {
  const auto found = descriptor_of_.find(op.target);
  if (found == descriptor_of_.end()) return Finish(op, -ENOENT);
  const int fd = found->second;
  Watch& watch = WatchOf(fd);
  for (auto* list : {&watch.readers, &watch.writers}) {
    const auto target = std::find_if(list->begin(), list->end(), [&op](const Op& waiting) {
      return waiting.token == op.target;
    });
    if (target == list->end()) continue;
    const Op cancelled = *target;
    list->erase(target);
    Finish(cancelled, -ECANCELED);
    break;
  }
  MarkStale(fd, watch);
  Finish(op, 0);
}

void EpollRing::Close(const Op& op) {
  if (op.fd < 0) return Finish(op, -EBADF);
  Watch& watch = WatchOf(op.fd);
  // The caller counts its operations. On io_uring the descriptor would stay half open: say so.
  RMQ_CHECK(watch.readers.empty());
  RMQ_CHECK(watch.writers.empty());
  UpdateWatch(op.fd, watch);
  Finish(op, OrErrno(close(op.fd)));
}

// Tells epoll what the operations want by now. A descriptor without operations must go: epoll
// reports a hang-up whether one asked for it or not.
void EpollRing::UpdateWatches() {
  for (const int fd : stale_) {
    Watch& watch = WatchOf(fd);
    watch.stale = false;
    UpdateWatch(fd, watch);
  }
  stale_.clear();
}

void EpollRing::UpdateWatch(int fd, Watch& watch) {
  const uint32_t wanted = (watch.readers.empty() ? 0u : uint32_t{EPOLLIN | EPOLLRDHUP}) |
                          (watch.writers.empty() ? 0u : uint32_t{EPOLLOUT});
  if (wanted == watch.watched) return;
  const int action = wanted == 0          ? EPOLL_CTL_DEL
                     : watch.watched == 0 ? EPOLL_CTL_ADD
                                          : EPOLL_CTL_MOD;
  epoll_event event{.events = wanted, .data = {.fd = fd}};
  const int64_t result = OrErrno(epoll_ctl(epoll_fd_, action, fd, &event));
  watch.watched = result < 0 ? 0 : wanted;
  if (result >= 0 || wanted == 0) return;
  // EPERM: a file, which is always ready, and which nobody receives from.
  for (auto* list : {&watch.readers, &watch.writers}) {
    for (const Op& op : *list) {
      Finish(op, result == -EPERM && op.code == OpCode::kPoll ? POLLIN : result);
    }
    list->clear();
  }
}

void EpollRing::Wait(Instant deadline, bool may_sleep) {
  std::array<epoll_event, kEventsMax> events;  // NOLINT: filled by the kernel.
  const int count = WaitForEvents(may_sleep ? deadline : Instant{}, events);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == gate_.descriptor()) {
      gate_.Drain();
      woken_ = true;
    } else {
      OnEvents(events[i].data.fd, events[i].events);
    }
  }
  UpdateWatches();
}

// Returns how many of `events` were filled; 0 also for a signal.
int EpollRing::WaitForEvents(Instant deadline, std::span<epoll_event> events) {
  const int room = static_cast<int>(events.size());
  const Instant now = deadline.ns == 0 ? deadline : Now();
  const int64_t ns = std::max<int64_t>((deadline - now).ns, 0);
  if (ns == 0 || deadline == Instant::Max()) {
    return std::max(epoll_wait(epoll_fd_, events.data(), room, ns == 0 ? 0 : -1), 0);
  }
  if (has_precise_wait_) {
    const timespec timeout{.tv_sec = ns / kSecond.ns, .tv_nsec = ns % kSecond.ns};
    const int count = epoll_pwait2(epoll_fd_, events.data(), room, &timeout, nullptr);
    if (count >= 0 || errno != ENOSYS) return std::max(count, 0);
    has_precise_wait_ = false;
  }
  // Rounded up, so that it is never early.
  const int64_t ms = ns / kMillisecond.ns + 1;
  const int timeout_ms = static_cast<int>(std::min<int64_t>(ms, 3'600'000));
  return std::max(epoll_wait(epoll_fd_, events.data(), room, timeout_ms), 0);
}

void EpollRing::OnEvents(int fd, uint32_t events) {
  Watch& watch = WatchOf(fd);
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (broken || (events & EPOLLOUT) != 0) OnWritable(watch);
  if (broken || (events & (EPOLLIN | EPOLLRDHUP)) != 0) OnReadable(watch, events);
  MarkStale(fd, watch);
}

void EpollRing::OnReadable(Watch& watch, uint32_t events) {
  while (!watch.readers.empty()) {
    const Op op = watch.readers.front();
    if (Read(op, events) == Progress::kAgain) return;
    watch.readers.erase(watch.readers.begin());
  }
}

void EpollRing::OnWritable(Watch& watch) {
  while (!watch.writers.empty()) {
    const Op op = watch.writers.front();
    if (op.code == OpCode::kConnect) {
      Finish(op, ConnectResult(op.fd));
    } else if (Write(op) == Progress::kAgain) {
      return;
    }
    watch.writers.erase(watch.writers.begin());
  }
}

EpollRing::Progress EpollRing::Read(const Op& op, uint32_t events) {
  if (op.code == OpCode::kAccept) return Accept(op);
  if (op.code != OpCode::kPoll) return Receive(op);
  Finish(op, static_cast<int64_t>(events));  // EPOLLIN and the like have the values of POLLIN.
  return Progress::kDone;
}

EpollRing::Progress EpollRing::Accept(const Op& op) {
  for (int i = 0; i < kAcceptsMax; ++i) {
    const int64_t result = OrErrno(accept4(op.fd, nullptr, nullptr, SOCK_CLOEXEC));
    if (WouldBlock(result) || Interrupted(result)) break;
    if (result < 0) {
      Finish(op, result);
      return Progress::kDone;
    }
    finished_.push_back({.token = op.token, .result = static_cast<int32_t>(result), .more = true});
  }
  return Progress::kAgain;
}

EpollRing::Progress EpollRing::Receive(const Op& op) {
  const bool multishot = op.code == OpCode::kRecvMultishot;
  for (int i = 0; i < kReceivesMax; ++i) {
    if (free_buffers_.empty()) {
      Finish(op, -ENOBUFS);
      return Progress::kDone;
    }
    const uint16_t id = free_buffers_.back();
    const std::span<uint8_t> buffer = pool_.Bytes(id);
    const int64_t result = OrErrno(recv(op.fd, buffer.data(), buffer.size(), MSG_DONTWAIT));
    if (WouldBlock(result) || Interrupted(result)) break;
    if (result <= 0) {
      Finish(op, result);
      return Progress::kDone;
    }
    free_buffers_.pop_back();
    pool_.Lend(id);
    if (!multishot) descriptor_of_.erase(op.token);
    finished_.push_back({.token = op.token,
                         .result = static_cast<int32_t>(result),
                         .buffer_id = id,
                         .more = multishot});
    if (!multishot) return Progress::kDone;
    if (result < static_cast<int64_t>(buffer.size())) break;  // Nothing more for now.
  }
  return Progress::kAgain;
}

EpollRing::Progress EpollRing::Write(const Op& op) {
  int64_t result = SendSlices(op);
  while (Interrupted(result)) result = SendSlices(op);
  if (WouldBlock(result)) return Progress::kAgain;
  Finish(op, result);
  return Progress::kDone;
}

EpollRing::Watch& EpollRing::WatchOf(int fd) {
  RMQ_CHECK(fd >= 0);
  const auto index = static_cast<size_t>(fd);
  if (index >= watches_.size()) watches_.resize(std::max(index + 1, watches_.size() * 2));
  if (watches_[index] == nullptr) watches_[index] = std::make_unique<Watch>();
  return *watches_[index];
}

void EpollRing::MarkStale(int fd, Watch& watch) {
  if (watch.stale) return;
  watch.stale = true;
  stale_.push_back(fd);
}

void EpollRing::Finish(const Op& op, int64_t result) {
  descriptor_of_.erase(op.token);
  finished_.push_back({.token = op.token, .result = static_cast<int32_t>(result)});
}

size_t EpollRing::TakeFinished(std::span<Completion> storage) {
  const size_t count = std::min(storage.size(), finished_.size());
  for (size_t i = 0; i < count; ++i) {
    storage[i] = finished_.front();
    finished_.pop_front();
  }
  return count;
}

std::span<uint8_t> EpollRing::Buffer(uint16_t buffer_id) { return pool_.Bytes(buffer_id); }

void EpollRing::ReleaseBuffer(uint16_t buffer_id) {
  pool_.TakeBack(buffer_id);
  free_buffers_.push_back(buffer_id);
}

Instant EpollRing::Now() { return MonotonicNow(); }

int EpollRing::PollDescriptor() const {
  gate_.AlwaysSignal();
  polled_outside_ = true;
  return epoll_fd_;
}

}  // namespace ringmq::reactor
