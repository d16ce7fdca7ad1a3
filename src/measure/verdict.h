// Whether a run measured the target or the load tool itself, and the sentence that says so.
//
// A schedule that is not met has one of two causes, told apart by what the sender waited for:
//
//   the window or the socket was full  ->  target-limited: the delay is real and stays in the
//   result the loop was late, a core pegged,  ->  generator-limited: the numbers describe this tool
//   and or receiving fell behind               are not valid
//
// With signs of both, or of neither, the verdict is generator-limited: a tool that doubts itself
// errs in the direction that costs a second run and not a wrong conclusion.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace ringmq::measure {

// Below this part of what was offered the schedule was not met.
inline constexpr double kAchievedShareMin = 0.99;
// p99.9 of the send lag, as a part of the median response, above which the tool's own lateness is
// visible in what it reports.
inline constexpr double kSendLagShareMax = 0.10;
// Where nothing came back to compare it with.
inline constexpr int64_t kSendLagNsMax = 10'000'000;
// Where there is no schedule to be late for: the part of the time that a thread was kept from
// running, by others on its core or by being stopped. Below the least time it is nothing.
inline constexpr double kKeptShareMax = 0.05;
inline constexpr int64_t kKeptNsMin = 20'000'000;
// A thread busy for more than this part of the run has no time left to be punctual.
inline constexpr double kBusyShareMax = 0.95;
// Loop turns that leave unread bytes behind, above which receive times are late.
inline constexpr double kReceiveBacklogShareMax = 0.05;
// Sends that found the window or the socket full, from which on the target set the pace.
inline constexpr double kFullShareMin = 0.01;

// All of the measured phase. Shares are in [0, 1].
struct RunEvidence {
  // What the schedule is of. Of connects it reads: begun for sent, and ready for received.
  enum What : uint8_t { kMessages, kConnects };
  What what = kMessages;
  bool closed_loop = false;  // No rate was asked for; the fields of the schedule mean nothing then.
  double offered_per_s = 0;
  double achieved_per_s = 0;        // Sent, in the phase that was measured.
  int64_t send_lag_p999_ns = 0;     // Of sends that found window and socket open.
  int64_t send_lag_max_ns = 0;      // Said instead, if too few samples support the percentile.
  bool has_few_lags = false;        // They do.
  int64_t send_lag_allowed_ns = 0;  // Instead of kSendLagShareMax; zero: nothing was said.
  int64_t response_p50_ns = 0;      // Zero when nothing came back, as with publishers only.
  int64_t ack_p50_ns = 0;           // Compared with then; zero: there were none either.
  double busiest_thread_share = 0;  // CPU time by run time.
  uint32_t busiest_thread = 0;
  double window_full_share = 0;      // Of the sends due: had to wait for an acknowledgement.
  double socket_full_share = 0;      // Of the sends due: had to wait for the socket.
  double receive_backlog_share = 0;  // Of the loop turns: ended with bytes left to read.
  // Of the thread that was kept from running most: how long, in all and at a stretch (zero: not
  // long), and what part of the time that is.
  int64_t kept_ns = 0;
  int64_t kept_longest_ns = 0;
  double kept_share = 0;
  uint32_t kept_thread = 0;
};

struct Verdict {
  // From the best to the worst. The last two are those of coverage.h.
  enum Kind : uint8_t { kValid, kTargetLimited, kGeneratorLimited, kIncomplete, kNotMeasured };
  Kind kind = kValid;
  // "VALID", "VALID, target-limited at 212k/s", "INVALID, generator-limited (thread 3 at 99 %)",
  // "VALID, with a send lag of up to 200µs allowed",
  // "VALID, closed loop, service time only", "INVALID, not measured: no client could connect".
  std::string text;
  // Nothing but the send lag speaks against it, and a larger one could be allowed.
  bool is_only_late = false;

  [[nodiscard]] bool is_valid() const { return kind == kValid || kind == kTargetLimited; }
};

[[nodiscard]] Verdict Judge(const RunEvidence& evidence);

// Of what has no schedule and whose pace is the target's by its nature, as what it sends when it is
// asked: valid unless the tool could not keep up.
[[nodiscard]] Verdict JudgeUnscheduled(const RunEvidence& evidence);

}  // namespace ringmq::measure
