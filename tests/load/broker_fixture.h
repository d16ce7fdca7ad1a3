// A broker in the test's own process, and plans that load it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>
#include <utility>

#include "load/run.h"
#include "ringmq/broker.h"

namespace ringmq::load {

// Where the machine's load is not to be in the notes.
inline constexpr int64_t kAnyLagNs = 60'000'000'000;

inline constexpr RunTimes kShort = {
    .connect_max_s = 20, .warmup_s = 0.05, .measure_s = 0.3, .drain_max_s = 20};

class WithBroker : public ::testing::Test {
 protected:
  WithBroker() : broker_(Start()) {}

  static Broker Start(std::string configuration = "") {
    BrokerOptions options;
    options.configuration = std::move(configuration);
    options.listeners = {{.address = "127.0.0.1", .port = 0}};
    options.threads = 1;
    options.sys_interval_s = 0;  // Or its messages would be among the retained ones.
    auto broker = Broker::Start(options);
    EXPECT_TRUE(broker.ok());
    return std::move(*broker);
  }
  // Of the first target.
  static sockaddr_in* AddressOf(Plan& plan) {
    return reinterpret_cast<sockaddr_in*>(&plan.targets.front().address);
  }
  // 2000 a second, and nobody yet.
  [[nodiscard]] Plan MakePlan(Qos qos) const {
    Plan plan;
    plan.targets.emplace_back();
    sockaddr_in* const in = AddressOf(plan);
    in->sin_family = AF_INET;
    in->sin_port = htons(broker_.ports().front());
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    plan.targets.front().size_bytes = sizeof(*in);
    plan.qos = qos;
    plan.rate_per_s = 2000;
    return plan;
  }
  // `publishers` to a topic each, and `subscribers` to all of them.
  static void AddFanOut(Plan& plan, uint32_t publishers, uint32_t subscribers) {
    plan.publishers = publishers;
    plan.deliveries_each = subscribers;
    Role hears{.client_id = "s{i}", .topic = "", .filter = "load/#", .hears_count = publishers};
    hears.count = subscribers;
    plan.roles.push_back(hears);
    Role publishes{.client_id = "p{i}", .topic = "load/{i}", .filter = ""};
    publishes.count = publishers;
    plan.roles.push_back(publishes);
  }

  // The same, each message to one of the subscribers.
  static void AddGroup(Plan& plan, uint32_t publishers, uint32_t subscribers) {
    AddFanOut(plan, publishers, subscribers);
    Role& hears = plan.roles[plan.roles.size() - 2];
    hears.filter = "$share/group/load/#";
    hears.is_shared = true;
  }
  // Two store `messages`, for `subscribers` that come when all are there.
  static void AddRetained(Plan& plan, uint64_t messages, uint32_t subscribers) {
    plan.script = Script::kRetain;
    plan.messages_max = messages;
    plan.publishers = 2;
    plan.deliveries_each = subscribers;
    Role stores{.client_id = "p{i}", .topic = "kept/{i}/x", .filter = ""};
    stores.count = 2;
    plan.roles.push_back(stores);
    Role hears{.client_id = "s{i}", .topic = "", .filter = "kept/+/x", .hears_count = 2};
    hears.duty = Duty::kKept;
    hears.is_late = true;
    hears.count = subscribers;
    plan.roles.push_back(hears);
  }
  // Two watch while 50 are cut.
  static void AddWills(Plan& plan) {
    plan.script = Script::kWill;
    plan.cuts_per_s = 500;
    plan.publishers = 50;
    plan.deliveries_each = 2;
    Role hears{.client_id = "s{i}", .topic = "", .filter = "will/+", .hears_count = 50};
    hears.duty = Duty::kKept;
    hears.count = 2;
    plan.roles.push_back(hears);
    Role client{.client_id = "c{i}", .topic = "", .filter = "", .will_topic = "will/{i}"};
    client.duty = Duty::kWill;
    client.count = 50;
    plan.roles.push_back(client);
  }

  Broker broker_;
};

}  // namespace ringmq::load
