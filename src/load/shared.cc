// SPDX-License-Identifier: Apache-2.0
#include "load/shared.h"

#include <sys/mman.h>

#include "base/check.h"

namespace ringmq::load {
namespace {

size_t CutsOf(const Plan& plan) { return plan.script == Script::kWill ? plan.publishers : 0; }

size_t ResentOf(const Plan& plan) { return plan.keeps_sessions ? plan.publishers : 0; }

size_t BytesOf(const Plan& plan) {
  constexpr size_t kBetween = 7 * 64;  // What alignment may take.
  const size_t times = plan.publishers * plan.SentTimesEach();
  return sizeof(Clockwork) + plan.threads * sizeof(Progress) + ResentOf(plan) * sizeof(Resent) +
         (2 * plan.publishers + plan.group_count() + times + CutsOf(plan)) *
             sizeof(std::atomic<uint64_t>) +
         kBetween;
}

}  // namespace

CommonMemory::CommonMemory(size_t size_bytes) : size_bytes_(size_bytes) {
  void* const memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  RMQ_CHECK(memory != MAP_FAILED);  // As little memory as an allocation that fails.
  memory_ = static_cast<std::byte*>(memory);
}

CommonMemory::~CommonMemory() { munmap(memory_, size_bytes_); }

void* CommonMemory::TakeBytes(size_t size_bytes, size_t alignment) {
  used_bytes_ = (used_bytes_ + alignment - 1) / alignment * alignment;
  void* const taken = memory_ + used_bytes_;
  used_bytes_ += size_bytes;
  RMQ_CHECK(used_bytes_ <= size_bytes_);
  return taken;
}

Shared::Shared(const Plan& plan)
    : memory_(BytesOf(plan)),
      clockwork(memory_.Take<Clockwork>(1).front()),
      progress(memory_.Take<Progress>(plan.threads)),
      published(memory_.TakeZeros(plan.publishers)),
      given_up(memory_.TakeZeros(plan.publishers)),
      group_seen(memory_.TakeZeros(plan.group_count())),
      resent(memory_.Take<Resent>(ResentOf(plan))),
      cuts_ns(memory_.TakeZeros<int64_t>(CutsOf(plan))),
      board(plan.threads) {
  const size_t each = plan.SentTimesEach();
  const auto times = memory_.TakeZeros(plan.publishers * each);
  for (uint32_t i = 0; i < plan.publishers; ++i) {
    sent_times.emplace_back(times.subspan(i * each, each));
  }
}

}  // namespace ringmq::load
