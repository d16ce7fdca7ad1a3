// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "ringmq/broker.h"

int main() {
  ringmq::BrokerOptions options;
  options.listeners = {{.address = "127.0.0.1", .port = 0}};
  options.threads = 1;
  auto broker = ringmq::Broker::Start(options);
  if (!broker) return 1;
  std::puts(broker->ports().front() != 0 ? "listens" : "deaf");
}
