// SPDX-License-Identifier: Apache-2.0
#include "report/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ringmq::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Machine Healthy() {
  return {.cores = 8,
          .governor = "performance",
          .clock_source = "tsc",
          .memory_free_bytes = uint64_t{64} << 30,
          .descriptors = 1'048'576,
          .descriptors_of_all = 10'000'000,
          .ports = 28'232,
          .time_wait = 3,
          .backlog = 4096,
          .listen_overflows = 0,
          .connections_tracked = 5,
          .connections_tracked_max = 1'000'000};
}

Diagnosed Of(const Machine& machine, const RunWanted& wanted, std::string_view what) {
  for (const Diagnosed& seen : Diagnose(machine, wanted)) {
    if (seen.what == what) return seen;
  }
  ADD_FAILURE() << "nothing about " << what;
  return {};
}

TEST(Diagnosis, FindsNothingOnAHealthyMachine) {
  const auto seen = Diagnose(Healthy(), {.connections = 20'000});
  EXPECT_EQ(seen.size(), 12u);
  for (const Diagnosed& one : seen) EXPECT_EQ(one.kind, Diagnosed::kFine) << one.what;
  const std::string text = DiagnosisText(seen, Colour::kNone);
  EXPECT_THAT(text, HasSubstr("ok      descriptors             1 048 576\n"));
  EXPECT_THAT(text, Not(HasSubstr("->")));
}

TEST(Diagnosis, SaysWhatMakesARunImpossibleAndHowToMakeItPossible) {
  const RunWanted many = {.connections = 100'000};
  Diagnosed seen = Of(Healthy(), many, "ports of an address");
  EXPECT_EQ(seen.kind, Diagnosed::kTooLow);
  EXPECT_EQ(seen.cure, "--source-ip 4");
  EXPECT_EQ(
      Of(Healthy(), {.connections = 100'000, .source_addresses = 4}, "ports of an address").kind,
      Diagnosed::kFine);
  seen = Of(Healthy(), {.connections = 100'000, .is_loopback = false}, "ports of an address");
  EXPECT_THAT(seen.cure, HasSubstr("ip_local_port_range"));

  Machine machine = Healthy();
  machine.descriptors = 1024;
  machine.descriptors_of_all = 150'000;
  machine.memory_free_bytes = 100 << 20;
  machine.connections_tracked_max = 65'536;
  EXPECT_THAT(Of(machine, many, "descriptors").cure, HasSubstr("ulimit -Hn 100064"));
  EXPECT_THAT(Of(machine, many, "descriptors of all").cure, HasSubstr("fs.file-max="));
  EXPECT_EQ(Of(machine, many, "free memory").kind, Diagnosed::kTooLow);
  EXPECT_THAT(Of(machine, many, "tracked connections").cure, HasSubstr("nf_conntrack_max="));
}

TEST(Diagnosis, WarnsOfWhatSpoilsFigures) {
  Machine machine = Healthy();
  machine.cores = 1;
  machine.governor = "powersave";
  machine.clock_source = "hpet";
  machine.time_wait = 20'000;
  machine.backlog = 128;
  machine.listen_overflows = 7;
  machine.uring_refusal = "forbidden by seccomp";
  for (const std::string_view what :
       {"cores", "frequency governor", "clock", "lingering connections", "listen backlog",
        "listen overflows", "io_uring"}) {
    const Diagnosed seen = Of(machine, {}, what);
    EXPECT_EQ(seen.kind, Diagnosed::kDoubtful) << what;
    EXPECT_NE(seen.why, "") << what;
  }
  machine = Healthy();
  machine.cores_of_cgroup = 0.5;
  EXPECT_EQ(Of(machine, {}, "cores").found, "8, 0.5 granted");
}

TEST(Diagnosis, IsSilentAboutWhatTheMachineDoesNotSay) {
  EXPECT_EQ(Diagnose({}, {.connections = 5}).size(), 2u);  // Governor and io_uring.
}

TEST(Diagnosis, AsksAUnixSocketForNoPorts) {
  const auto seen = Diagnose(Healthy(), {.connections = 200'000, .has_ports = false});
  for (const Diagnosed& one : seen) {
    EXPECT_NE(one.what, "ports of an address");
    EXPECT_THAT(one.cure, Not(HasSubstr("--source-ip")));
  }
}

TEST(Diagnosis, SharesDescriptorsOutToProcesses) {
  Machine machine = Healthy();
  machine.descriptors = 20'000;
  RunWanted many = {.connections = 100'000};
  EXPECT_THAT(Of(machine, many, "descriptors").cure, HasSubstr(", or --processes 6"));
  many.processes = 5;
  EXPECT_EQ(Of(machine, many, "descriptors").kind, Diagnosed::kTooLow);
  EXPECT_THAT(Of(machine, many, "descriptors").why, HasSubstr("20000 are wanted in each process"));
  many.processes = 6;
  EXPECT_EQ(Of(machine, many, "descriptors").kind, Diagnosed::kFine);
}

}  // namespace
}  // namespace ringmq::report
