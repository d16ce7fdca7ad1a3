// SPDX-License-Identifier: Apache-2.0
#include "live_screen.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ringmq::bench {
namespace {

using load::Phase;
using report::Colour;

constexpr int64_t kUs = 1'000;
constexpr int64_t kMs = 1'000'000;

// A run like the one of the design, 41 seconds into its minute.
class LiveScreenTest : public ::testing::Test {
 protected:
  LiveScreenTest() {
    for (const uint64_t thousands : {150u, 200u, 200u, 20u, 200u, 0u, 200u}) {
      report::Second second;
      second.offered = 200'000;
      second.sent = thousands * 1'000;
      second.acked = thousands * 1'000 - thousands;
      second.received = thousands * 1'000;
      second.response_p99_ns = 388 * kUs;
      second.broker_cpu_cores = 3.42;
      second.broker_rss_bytes = 212 << 20;
      seconds_.push_back(second);
    }
    state_.title = "pubsub  200 pubs → 50 subs  qos1  256 B";
    state_.has_acks = true;
    state_.watch_pid = 4711;
    load::Tick& tick = state_.tick;
    tick.phase = Phase::kMeasure;
    tick.phase_s = 41;
    tick.phase_max_s = 60;
    tick.connections = tick.connected = 250;
    tick.sent = 1'200'000;
    tick.in_flight = 1'204;
    tick.seconds = seconds_;
    tick.so_far.response = {
        .p50_ns = 118 * kUs, .p99_ns = 402 * kUs, .p999_ns = 1'900 * kUs, .max_ns = 14'200 * kUs};
    tick.so_far.service = {
        .p50_ns = 116 * kUs, .p99_ns = 398 * kUs, .p999_ns = 1'900 * kUs, .max_ns = 14'200 * kUs};
    tick.so_far.lag = {.p50_ns = 2 * kUs, .p99_ns = 5 * kUs, .p999_ns = 9 * kUs, .max_ns = 1 * kMs};
    tick.so_far.missing = 0;
    tick.so_far.busiest = {.share = 0.61, .thread = 1};
    tick.so_far.verdict = measure::Verdict{measure::Verdict::kValid, "VALID"};
  }

  [[nodiscard]] std::string Text(size_t width) const {
    std::string text = "\n";
    for (const std::string& line : LiveScreen(state_, width, Colour::kNone)) text += line + "\n";
    return text;
  }
  [[nodiscard]] std::string Line(size_t index, size_t width = 100) const {
    return LiveScreen(state_, width, Colour::kNone).at(index);
  }
  // So that the next second's figures can be changed.
  void SetSeconds() { state_.tick.seconds = seconds_; }

  std::vector<report::Second> seconds_;
  LiveState state_;
};

TEST_F(LiveScreenTest, FillsEightyColumns) {
  EXPECT_EQ(Text(80), R"(
pubsub  200 pubs → 50 subs  qos1  256 B
measure    00:41/01:00  ████████████████████████████·············  250 connected
offered    200.0k/s  sent 200.0k/s  ack 199.8k/s
delivered  200.0k/s  ▇██▁█▁█
response   p50 118µs  p99 402µs  p99.9 1.9ms  max 14.2ms  (last 1 s p99 388µs)
service    p50 116µs  p99 398µs  p99.9 1.9ms  max 14.2ms
integrity  lost 0  dup 0  reordered 0  corrupt 0  in flight 1 204
errors     0 connect  0 dropped  0 reason≥0x80  0 reconnects
generator  OK  send-lag p50 2.0µs p99.9 9.0µs  busiest thread 61 %
broker     pid 4711  cpu 3.42 cores  rss 212.0 MiB  58.5k msg per cpu-second
)");
}

TEST_F(LiveScreenTest, LeavesOutWhatComesLastInSixtyColumns) {
  EXPECT_EQ(Text(60), R"(
pubsub  200 pubs → 50 subs  qos1  256 B
measure    00:41/01:00  ██████████████▎······  250 connected
offered    200.0k/s  sent 200.0k/s  ack 199.8k/s
delivered  200.0k/s  ▇██▁█▁█
response   p50 118µs  p99 402µs  p99.9 1.9ms  max 14.2ms
service    p50 116µs  p99 398µs  p99.9 1.9ms  max 14.2ms
integrity  lost 0  dup 0  reordered 0  corrupt 0
errors     0 connect  0 dropped  0 reason≥0x80  0 reconnects
generator  OK  send-lag p50 2.0µs p99.9 9.0µs
broker     pid 4711  cpu 3.42 cores  rss 212.0 MiB
)");
}

TEST_F(LiveScreenTest, ShowsAllInOneHundredAndTwentyColumns) {
  EXPECT_EQ(Text(120), R"(
pubsub  200 pubs → 50 subs  qos1  256 B
measure    00:41/01:00  ██████████████████████████████████▏···············  250 connected
offered    200.0k/s  sent 200.0k/s  ack 199.8k/s
delivered  200.0k/s  ▇██▁█▁█
response   p50 118µs  p99 402µs  p99.9 1.9ms  max 14.2ms  (last 1 s p99 388µs)
service    p50 116µs  p99 398µs  p99.9 1.9ms  max 14.2ms
integrity  lost 0  dup 0  reordered 0  corrupt 0  in flight 1 204
errors     0 connect  0 dropped  0 reason≥0x80  0 reconnects
generator  OK  send-lag p50 2.0µs p99.9 9.0µs  busiest thread 61 %  rx backlog 0 %
broker     pid 4711  cpu 3.42 cores  rss 212.0 MiB  58.5k msg per cpu-second
)");
}

// Every width, phase and colour; a terminal that breaks a line would ruin the block.
TEST_F(LiveScreenTest, NoLineIsEverTooWide) {
  seconds_.resize(300, seconds_.front());
  SetSeconds();
  state_.title += std::string(200, 'x') + "µ\n";
  state_.tick.so_far.integrity.misrouted = 12'345'678'901;
  for (int phase = 0; phase < 5; ++phase) {
    state_.tick.phase = static_cast<Phase>(phase);
    for (size_t width = 1; width <= 200; ++width) {
      for (const std::string& line : LiveScreen(state_, width, Colour::kNone)) {
        EXPECT_LE(report::WidthOf(line), width) << line;
        EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("\n")));
      }
    }
  }
}

TEST_F(LiveScreenTest, ColourOnlyAddsSequences) {
  state_.tick.so_far.missing = 3;
  const auto plain = LiveScreen(state_, 80, Colour::kNone);
  const auto coloured = LiveScreen(state_, 80, Colour::kAnsi);
  EXPECT_EQ(coloured[0], "\x1b[1m" + plain[0] + "\x1b[0m");
  EXPECT_EQ(coloured[2], plain[2]);
  EXPECT_THAT(coloured[6], ::testing::StartsWith("integrity  \x1b[1;31mlost 3\x1b[0m  dup 0"));
  EXPECT_THAT(coloured[8], ::testing::StartsWith("generator  \x1b[32mOK\x1b[0m  send-lag"));
}

TEST_F(LiveScreenTest, IsTitledServiceTimeInAClosedLoop) {
  state_.is_closed_loop = true;
  EXPECT_EQ(Line(4), "response   closed loop, service time only");
  EXPECT_EQ(Line(5),
            "service    p50 116µs  p99 398µs  p99.9 1.9ms  max 14.2ms  (last 1 s p99 388µs)");
  EXPECT_EQ(Line(8), "generator  OK  busiest thread 61 %  rx backlog 0 %");
}

TEST_F(LiveScreenTest, SaysNothingOfWhatIsNotKnown) {
  state_.tick = {};
  state_.tick.connections = 5'000;
  state_.tick.connected = 1'250;
  state_.tick.phase_s = 3;
  state_.tick.phase_max_s = 600;
  state_.watch_pid = 0;
  EXPECT_EQ(Text(80), R"(
pubsub  200 pubs → 50 subs  qos1  256 B
connect    00:03  █████████···························  1 250 of 5 000 connected
offered    –
delivered  –
response   p50 –  p99 –  p99.9 –  max –
service    p50 –  p99 –  p99.9 –  max –
integrity  lost –  dup 0  reordered 0  corrupt 0  in flight 0
errors     0 connect  0 dropped  0 reason≥0x80  0 reconnects
generator  –
broker     not watched (--watch-pid)
)");
}

TEST_F(LiveScreenTest, ProgressIsThatOfWhatEndsThePhase) {
  state_.messages_max = 2'400'000;
  state_.tick.phase_max_s = 86'400;
  EXPECT_EQ(Line(1, 80),
            "measure    00:41  ████████████████▌················  1 200 000 of 2 400 000 sent");
  state_.tick.phase = Phase::kDrain;
  state_.tick.phase_s = 3'725;
  state_.tick.phase_max_s = 7'450;
  EXPECT_EQ(Line(1, 60), "drain      1:02:05  ████████████▌············  250 connected");
}

TEST_F(LiveScreenTest, FaultsAreNamedWhenThereAreAny) {
  load::SoFar& so_far = state_.tick.so_far;
  so_far.missing = 7;
  so_far.integrity.duplicates = 1;
  so_far.integrity.reordered = 2;
  so_far.integrity.too_old = 1;
  so_far.integrity.corrupt = 4;
  so_far.integrity.misrouted = 5;
  so_far.integrity.wrong_qos = 6;
  EXPECT_EQ(Line(6),
            "integrity  lost 7  dup 1  reordered 3  corrupt 4  misrouted 5  wrong QoS 6  "
            "in flight 1 204");
  state_.tick.failed = 1'000;
  state_.tick.dropped = 2;
  state_.tick.refusals = 3;
  state_.tick.reconnects = 4;
  EXPECT_EQ(Line(7), "errors     1 000 connect  2 dropped  3 reason≥0x80  4 reconnects");
}

TEST_F(LiveScreenTest, TheVerdictSoFarIsShown) {
  measure::Verdict& verdict = *state_.tick.so_far.verdict;
  verdict.kind = measure::Verdict::kTargetLimited;
  EXPECT_THAT(Line(8), ::testing::StartsWith("generator  OK  target-limited  send-lag"));
  verdict = {measure::Verdict::kGeneratorLimited, "INVALID, generator-limited (thread 1 at 99 %)"};
  EXPECT_EQ(Line(8, 120),
            "generator  INVALID  send-lag p50 2.0µs p99.9 9.0µs  busiest thread 61 %  "
            "rx backlog 0 %  thread 1 at 99 %");
}

TEST_F(LiveScreenTest, WithoutSubscribersTheSentOnesAreDrawn) {
  state_.has_hearers = false;
  seconds_.back().sent = 100'000;
  EXPECT_EQ(Line(3), "sent       100.0k/s  ▇██▁█▁▅");
}

TEST_F(LiveScreenTest, TheNewestSecondsAreDrawnWhenThereIsNoRoomForAll) {
  EXPECT_EQ(Line(3, 26), "delivered  200.0k/s  █▁█▁█");
  EXPECT_EQ(Line(3, 15), "delivered  ");
}

TEST_F(LiveScreenTest, TheBrokersBillMayBeASecondLate) {
  seconds_.back().broker_rss_bytes = 0;
  seconds_.back().broker_cpu_cores = 0;
  EXPECT_THAT(Line(9), ::testing::StartsWith("broker     pid 4711  cpu 3.42 cores"));
}

TEST_F(LiveScreenTest, SaysThatItWasInterrupted) {
  state_.tick.interrupted = true;
  state_.tick.phase = Phase::kDrain;
  EXPECT_EQ(Line(1, 80),
            "drain      00:41  ██████████████████▍········  interrupted; again: leave at once");
}

TEST_F(LiveScreenTest, ARunThatIsOverHasAFullBar) {
  state_.tick.phase = Phase::kLeave;
  EXPECT_EQ(Line(1, 40), "done       ██████████████  250 connected");
  state_.tick.interrupted = true;
  EXPECT_EQ(Line(1, 40), "done       ████████████████  interrupted");
}

TEST_F(LiveScreenTest, OneLineForALog) {
  EXPECT_EQ(LiveLine(state_),
            "measure   41.0 s  connected 250  sent 200.0k/s  acked 199.8k/s  received 200.0k/s  "
            "p99 388µs");
  state_.has_acks = false;
  state_.tick.so_far.missing = 2;
  state_.tick.failed = 3;
  state_.tick.interrupted = true;
  EXPECT_EQ(LiveLine(state_),
            "measure   41.0 s  connected 250  sent 200.0k/s  received 200.0k/s  p99 388µs  lost 2  "
            "errors 3  interrupted");
  state_.tick.phase = Phase::kConnect;
  state_.tick.interrupted = false;
  state_.tick.reconnects = 4;
  EXPECT_EQ(LiveLine(state_), "connect   41.0 s  connected 250  lost 2  errors 3  reconnects 4");
}

}  // namespace
}  // namespace ringmq::bench
