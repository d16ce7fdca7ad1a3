// A run under way as ten lines of text, or as one.
//
//   pubsub  200 pubs → 50 subs  qos1  256 B
//   measure    00:41/01:00 ███████████████▌·······
//   offered    200.0k/s  sent 200.0k/s  ack 199.9k/s
//   delivered  199.9k/s  ▅▅▆▅▅▅▆▅▂▅▅▅
//   response   p50 118µs  p99 402µs  p99.9 1.9ms  max 14.2ms  (last 1 s p99 388µs)
//   service    p50 116µs  p99 398µs  p99.9 1.9ms  max 14.2ms
//   integrity  lost 0  dup 0  reordered 0  corrupt 0  in flight 1 204
//   errors     0 connect  0 dropped  0 reason≥0x80  0 reconnects
//   generator  OK  send-lag p50 2µs p99.9 9µs  busiest thread 61 %  rx backlog 0.0 %
//   broker     pid 4711  cpu 3.42 cores  rss 212.0 MiB  58.5k msg per cpu-second
//
// Pure: the same state makes the same text. No line is ever wider than asked for: what comes last
// in a line is left out first. A figure that is not known, or that too few samples support, is "–".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "load/tick.h"
#include "report/columns.h"

namespace ringmq::bench {

struct LiveState {
  std::string title;
  bool is_closed_loop = false;
  bool has_acks = false;      // QoS 1 or 2.
  bool has_hearers = true;    // Otherwise what is sent is drawn.
  uint64_t messages_max = 0;  // The load ends with so many; zero: with the time.
  int watch_pid = 0;          // Zero: nobody is watched.
  load::Tick tick;
};

inline constexpr size_t kLiveLines = 10;

[[nodiscard]] std::array<std::string, kLiveLines> LiveScreen(const LiveState& state, size_t width,
                                                             report::Colour colour);

// For a log.
[[nodiscard]] std::string LiveLine(const LiveState& state);

}  // namespace ringmq::bench
