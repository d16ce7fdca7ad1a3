// What a turn of the loop costs on each Ring: an empty one, one that answers a ping, one with a
// hundred sends. The virtual call of ring.h is in every figure.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "reactor/features.h"

namespace ringmq::reactor {
namespace {

constexpr uint64_t kReceive = 1;
constexpr size_t kFanOut = 100;

class Bench {
 public:
  explicit Bench(benchmark::State& state) {
    const auto backend = state.range(0) == 0 ? IoBackend::kUring : IoBackend::kEpoll;
    state.SetLabel(backend == IoBackend::kUring ? "uring" : "epoll");
    std::string notice;
    absl::StatusOr<std::unique_ptr<Ring>> made = MakeRing(backend, {}, &notice);
    if (made.ok()) {
      ring = std::move(*made);
    } else {
      state.SkipWithError("this machine has no such ring");
    }
  }
  ~Bench() {
    ring.reset();
    for (const int fd : fds) close(fd);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  // The near end; the far one is the next descriptor in `fds`.
  int NewPair() {
    int pair[2] = {-1, -1};
    RMQ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    fds.insert(fds.end(), {pair[0], pair[1]});
    return pair[0];
  }

  std::unique_ptr<Ring> ring;
  std::vector<int> fds;
  std::vector<Completion> storage = std::vector<Completion>(256);
};

void EmptyTurn(benchmark::State& state) {
  Bench bench(state);
  if (bench.ring == nullptr) return;
  size_t checksum = 0;
  for (auto _ : state) checksum += bench.ring->Enter({}, Instant{}, bench.storage).size();
  state.counters["checksum"] = static_cast<double>(checksum);
}
BENCHMARK(EmptyTurn)->Arg(0)->Arg(1);

// One byte from outside with write(2), received and sent back by the ring, read with read(2): two
// system calls of each figure are not the ring's.
void PingPong(benchmark::State& state) {
  Bench bench(state);
  if (bench.ring == nullptr) return;
  const int near = bench.NewPair();
  const int far = bench.fds[1];
  char byte = 'x';
  const iovec slice = {&byte, 1};
  std::vector<Op> ops = {{.code = OpCode::kRecvMultishot, .fd = near, .token = kReceive}};
  size_t checksum = 0;
  for (auto _ : state) {
    RMQ_CHECK(write(far, "x", 1) == 1);
    for (bool answered = false; !answered;) {
      const auto seen = bench.ring->Enter(ops, Instant::Max(), bench.storage);
      ops.clear();
      for (const Completion& completion : seen) {
        answered |= completion.token != kReceive;
        if (completion.token != kReceive) continue;
        bench.ring->ReleaseBuffer(completion.buffer_id);
        ops.push_back({.code = OpCode::kSend, .fd = near, .token = 2, .slices = {&slice, 1}});
      }
    }
    checksum += static_cast<size_t>(read(far, &byte, 1));
  }
  state.counters["checksum"] = static_cast<double>(checksum);
}
BENCHMARK(PingPong)->Arg(0)->Arg(1);

void FanOut(benchmark::State& state) {
  Bench bench(state);
  if (bench.ring == nullptr) return;
  const std::string message(64, 'm');
  const iovec slice = {const_cast<char*>(message.data()), message.size()};
  std::vector<Op> sends;
  for (uint64_t i = 0; i < kFanOut; ++i) {
    sends.push_back(
        {.code = OpCode::kSend, .fd = bench.NewPair(), .token = i, .slices = {&slice, 1}});
  }
  size_t checksum = 0;
  std::string sink(1 << 20, '\0');
  for (auto _ : state) {
    std::span<const Op> ops = sends;
    for (size_t done = 0; done < kFanOut;) {
      done += bench.ring->Enter(ops, Instant::Max(), bench.storage).size();
      ops = {};
    }
    state.PauseTiming();
    for (size_t i = 1; i < bench.fds.size(); i += 2) {
      checksum += static_cast<size_t>(read(bench.fds[i], sink.data(), sink.size()));
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kFanOut));
  state.counters["checksum"] = static_cast<double>(checksum);
}
BENCHMARK(FanOut)->Arg(0)->Arg(1);

void WakeOfARingThatIsAwake(benchmark::State& state) {
  Bench bench(state);
  if (bench.ring == nullptr) return;
  for (auto _ : state) bench.ring->Wake();
}
BENCHMARK(WakeOfARingThatIsAwake)->Arg(0)->Arg(1);

}  // namespace
}  // namespace ringmq::reactor
