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
  // 2000 a second, and nobody yet.
  [[nodiscard]] Plan MakePlan(Qos qos) const {
    Plan plan;
    auto* in = reinterpret_cast<sockaddr_in*>(&plan.target);
    in->sin_family = AF_INET;
    in->sin_port = htons(broker_.ports().front());
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    plan.target_size_bytes = sizeof(*in);
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

  Broker broker_;
};

}  // namespace ringmq::load
