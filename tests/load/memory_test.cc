// What a connection that does nothing costs the load tool: there may be a million of them.
//
// Method: a broker in a process of its own, runs of different size in this one, and what is
// allocated while all are connected. The difference between the runs is that of the connections
// alone.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load/peer.h"
#include "load/run.h"
#include "ringmq/broker.h"
#include "support/counting_allocator.h"

namespace ringmq::load {
namespace {

// Of the tool's own, kernel and broker not counted.
constexpr int64_t kBytesPerConnectionMax = 600;

class OtherProcess {
 public:
  OtherProcess() {
    int ends[2];
    if (pipe(ends) < 0) return;
    pid_ = fork();
    if (pid_ == 0) Serve(ends[1]);
    close(ends[1]);
    if (read(ends[0], &port_, sizeof(port_)) != sizeof(port_)) port_ = 0;
    close(ends[0]);
  }
  ~OtherProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  [[noreturn]] static void Serve(int pipe) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    BrokerOptions options;
    options.listeners = {{.address = "127.0.0.1", .port = 0}};
    options.threads = 1;
    auto broker = Broker::Start(options);
    if (!broker.ok()) _exit(1);
    const uint16_t port = broker->ports().front();
    if (write(pipe, &port, sizeof(port)) != sizeof(port)) _exit(1);
    while (true) pause();  // Until it is killed.
  }

  pid_t pid_ = -1;
  uint16_t port_ = 0;
};

Plan PlanFor(uint16_t port) {
  Plan plan;
  Target& target = plan.targets.emplace_back();
  auto* in = reinterpret_cast<sockaddr_in*>(&target.address);
  in->sin_family = AF_INET;
  in->sin_port = htons(port);
  in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.size_bytes = sizeof(*in);
  return plan;
}

// Allocated more than before, while so many are connected.
int64_t BytesOf(uint16_t port, uint32_t connections, const std::string& filter) {
  Plan plan = PlanFor(port);
  plan.connects_per_s = 1e6;
  Role role{.client_id = "idle{i}", .topic = "", .filter = filter};
  role.count = connections;
  plan.roles.push_back(role);
  const int64_t before = support::LiveBytes();
  int64_t grown = 0;
  Observer observer;
  observer.on_leave = [&] { grown = support::LiveBytes() - before; };
  const Outcome outcome = Execute(
      plan, {.connect_max_s = 60, .warmup_s = 0, .measure_s = 0, .drain_max_s = 0}, observer);
  EXPECT_EQ(outcome.connected, connections);
  return grown;
}

TEST(IdleConnection, TakesFewBytesOfTheTool) {
  const OtherProcess broker;
  ASSERT_NE(broker.port(), 0);
  constexpr int64_t kFew = 50;
  constexpr int64_t kMany = 450;
  for (const std::string filter : {"", "nothing/comes/{i}"}) {
    const int64_t few = BytesOf(broker.port(), kFew, filter);
    const int64_t many = BytesOf(broker.port(), kMany, filter);
    const int64_t each = (many - few) / (kMany - kFew);
    EXPECT_GE(each, static_cast<int64_t>(sizeof(Peer)));
    EXPECT_LE(each, kBytesPerConnectionMax) << "subscribed to '" << filter << "'";
    RecordProperty(filter.empty() ? "idle" : "subscribed", std::to_string(each));
  }
}

// How often something was allocated in a run of so many messages.
uint64_t AllocationsOf(uint16_t port, uint64_t messages, bool aliases) {
  Plan plan = PlanFor(port);
  plan.qos = Qos::kAtLeastOnce;
  plan.aliases = aliases;
  plan.publishers = 1;
  plan.deliveries_each = 0;
  plan.messages_max = messages;
  plan.roles.push_back(
      {.client_id = "p{i}", .topic = "memory/{rand:1000}/{i}/{topic:3}", .filter = ""});
  const uint64_t before = support::AllocationCount();
  const Outcome outcome =
      Execute(plan, {.connect_max_s = 60, .warmup_s = 0, .measure_s = 60, .drain_max_s = 10}, {});
  EXPECT_EQ(outcome.sent_in_all, messages);
  return support::AllocationCount() - before;
}

TEST(Publishing, ToManyTopicsAllocatesNothingForAMessage) {
  const OtherProcess broker;
  ASSERT_NE(broker.port(), 0);
  constexpr uint64_t kMore = 8'000;
  for (const bool aliases : {false, true}) {
    const uint64_t few = AllocationsOf(broker.port(), 2'000, aliases);
    const uint64_t many = AllocationsOf(broker.port(), 2'000 + kMore, aliases);
    EXPECT_LT(many, few + kMore / 20) << (aliases ? "with aliases" : "without aliases");
  }
}

}  // namespace
}  // namespace ringmq::load
