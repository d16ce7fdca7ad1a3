// Runs that measure a part or nothing: brokers that are silent, gone, or go away meanwhile.
//
// SPDX-License-Identifier: Apache-2.0
#include "measure/coverage.h"

#include <gmock/gmock.h>

#include "broker_fixture.h"
#include "cutter.h"

namespace ringmq::load {
namespace {

using ::testing::StartsWith;

// The kernel makes its connections, and nobody ever answers them.
class SilentListener {
 public:
  SilentListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size_bytes = sizeof(address_);
    auto* const generic = reinterpret_cast<sockaddr*>(&address_);
    RMQ_CHECK(bind(fd_, generic, size_bytes) == 0);
    RMQ_CHECK(listen(fd_, 100) == 0);
    RMQ_CHECK(getsockname(fd_, generic, &size_bytes) == 0);
  }
  ~SilentListener() { close(fd_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

  [[nodiscard]] uint16_t port() const { return ntohs(address_.sin_port); }

 private:
  sockaddr_in address_{};
  int fd_;
};

class Coverage : public WithBroker {
 protected:
  static void Aim(Plan& plan, uint16_t port) { AddressOf(plan)->sin_port = htons(port); }
  // Of a run that loses all connections once so many messages have come.
  Outcome RunAndCut(Plan plan, uint64_t received) {
    Cutter cutter(broker_.ports().front());
    Aim(plan, cutter.port());
    RunTimes times = kShort;
    times.measure_s = 60;
    Observer observer;
    observer.tick_ns = 1'000'000;
    bool is_cut = false;
    observer.on_tick = [&](const Tick& tick) {
      if (is_cut || tick.received < received) return;
      is_cut = true;
      cutter.Cut();
    };
    return Execute(plan, times, observer);
  }
};

TEST_F(Coverage, GivesUpOnABrokerThatAcceptsAndIsSilent) {
  const SilentListener silent;
  for (const bool is_about_connects : {true, false}) {
    Plan plan = MakePlan(Qos::kAtLeastOnce);
    Aim(plan, silent.port());
    AddFanOut(plan, 1, 1);
    plan.is_about_connects = is_about_connects;
    plan.connect_timeout_s = 0.2;
    const Outcome outcome = Execute(plan, kShort, {});
    EXPECT_EQ(outcome.failed, 2u);
    EXPECT_GE(outcome.findings.errors.at("no CONNACK within 200ms"), 1u);
    EXPECT_EQ(outcome.verdict.kind, measure::Verdict::kNotMeasured);
    EXPECT_EQ(outcome.verdict.text,
              "INVALID, not measured: no client could connect (no CONNACK within 200ms)");
  }
}

// More clients than may be connecting at a time: the others are not tried one timeout after the
// other.
TEST_F(Coverage, DoesNotTryEveryClientOnABrokerThatIsSilent) {
  const SilentListener silent;
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  Aim(plan, silent.port());
  plan.is_about_connects = true;
  plan.connect_timeout_s = 0.2;
  plan.rate_per_s = 0;
  plan.connects_per_s = 100'000;
  Role client{.client_id = "c{i}", .topic = "", .filter = ""};
  client.count = 20'000;
  plan.roles.push_back(client);
  RunTimes times = kShort;
  times.connect_max_s = 3600;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.failed, 20'000u);
  EXPECT_LT(outcome.findings.connects_failed, 10'000u);
  EXPECT_THAT(outcome.verdict.text, StartsWith("INVALID, not measured: no client could connect"));
}

TEST_F(Coverage, OfARunWhoseConnectionsAreLostIsAPart) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce}) {
    for (const double rate_per_s : {2000.0, 0.0}) {
      Plan plan = MakePlan(qos);
      plan.rate_per_s = rate_per_s;
      plan.threads = 2;
      AddFanOut(plan, 3, 2);
      const Outcome outcome = RunAndCut(plan, 1000);
      EXPECT_EQ(outcome.verdict.kind, measure::Verdict::kIncomplete);
      EXPECT_THAT(outcome.verdict.text,
                  StartsWith("INVALID, incomplete: 5 of 5 connections were lost "));
      // There is nobody left to measure.
      EXPECT_LT(outcome.measured_s, 50);
    }
  }
}

// What was never sent cannot be lost.
TEST_F(Coverage, CountsAsLostOnlyWhatWasSent) {
  for (const Qos qos : {Qos::kAtMostOnce, Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    Plan plan = MakePlan(qos);
    AddFanOut(plan, 3, 1);
    const Outcome outcome = RunAndCut(plan, 300);
    const measure::IntegrityCounts& counts = outcome.findings.integrity;
    EXPECT_EQ(outcome.expected_in_all, outcome.sent_in_all);
    EXPECT_EQ(counts.lost + counts.lost_permitted, outcome.expected_in_all - counts.received);
    EXPECT_EQ(counts.duplicates, 0u);
    // What was due after the cut was not sent either.
    EXPECT_LT(outcome.sent_in_all, 60'000u);
  }
}

TEST_F(Coverage, OfARunWithoutTimeIsNothing) {
  Plan plan = MakePlan(Qos::kAtLeastOnce);
  AddFanOut(plan, 1, 1);
  RunTimes times = kShort;
  times.warmup_s = times.measure_s = 0;
  const Outcome outcome = Execute(plan, times, {});
  EXPECT_EQ(outcome.verdict.kind, measure::Verdict::kNotMeasured);
}

}  // namespace
}  // namespace ringmq::load
