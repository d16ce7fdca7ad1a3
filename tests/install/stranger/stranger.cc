// Ten lines of a user: publishes to nobody, and hears why it failed.
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "ringmq/client.h"

int main() {
  auto options = ringmq::Options::FromUrl("mqtt://127.0.0.1:1");
  options->backoff.attempts_max = 1;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return 2;
  auto& [client, loop] = *made;
  const auto handle = client.Publish("a", "b", {.qos = ringmq::Qos::kAtLeastOnce});
  while (loop.Poll(std::chrono::seconds(1))) {
  }
  std::puts(NameOf(handle.Poll()->outcome));
}
