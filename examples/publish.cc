// Publishes one message at QoS 1 and says what became of it.
//
//   publish mqtt://localhost plant/gw7/hello up
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "ringmq/client.h"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: publish URL TOPIC PAYLOAD\n"), 2;
  auto options = ringmq::Options::FromUrl(argv[1]);
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  const auto done = client.Publish(argv[2], argv[3], {.qos = ringmq::Qos::kAtLeastOnce});
  client.Disconnect({.drain_for = std::chrono::seconds(10)});
  while (loop.Poll(std::chrono::seconds(1))) {
  }
  const auto delivery = done.Poll();
  std::printf("%s, %s\n", NameOf(delivery->outcome), NameOf(delivery->reason));
  return delivery->ok() ? 0 : 1;
}
