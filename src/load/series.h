// The run second by second, put together from what each thread saw of each second.
//
// A thread records into a LiveSecond of its own and hands it over when the second has passed: one
// lock a second. The director takes whole seconds out when no thread can add to them any more.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "measure/histogram.h"

namespace ringmq::load {

struct LiveSecond {
  measure::Histogram response;  // In a closed loop: service time.
  measure::Histogram lag;
  uint64_t offered = 0;
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t received = 0;
  uint64_t errors = 0;

  void Merge(const LiveSecond& other);
  void Clear();  // Keeps the memory.
};

class Series {
 public:
  // A thread's share of the second that began `index` seconds after the load. Any thread.
  void Add(int64_t index, const LiveSecond& share);
  // The seconds before `index` in order, each of them once. What a thread adds to one of them
  // later counts in the next call, as the same second again: the caller waits long enough.
  [[nodiscard]] std::map<int64_t, LiveSecond> Take(int64_t index);

 private:
  std::mutex mutex_;
  std::map<int64_t, LiveSecond> seconds_;
};

}  // namespace ringmq::load
