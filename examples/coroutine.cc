// Publishing and asking as if it were sequential: coroutines over the handles.
//
//   coroutine mqtt://localhost
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/coroutine.h"

#include <cstdio>
#include <stop_token>

#include "ringmq/client.h"

namespace {

ringmq::Detached Work(ringmq::Client client, int& failures) {
  const auto connection = co_await client.WhenConnected();
  if (!connection.ok()) ++failures;
  const auto subscribed = co_await client.Subscribe("coroutine/#", ringmq::Qos::kAtLeastOnce);
  if (!subscribed.ok()) ++failures;
  for (int i = 0; i < 3; ++i) {
    const auto delivery =
        co_await client.Publish("coroutine/number", "x", {.qos = ringmq::Qos::kExactlyOnce});
    std::printf("%d: %s\n", i, NameOf(delivery.outcome));
    if (!delivery.ok()) ++failures;
  }
  // Nobody answers; we do not want to wait either.
  std::stop_source stop;
  stop.request_stop();
  const auto reply = co_await ringmq::Until(
      client.Request("coroutine/nobody", "?", std::chrono::seconds(60)), stop.get_token());
  if (reply.has_value()) ++failures;
  client.Disconnect({.drain_for = std::chrono::seconds(5)});
}

}  // namespace

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  int failures = 0;
  Work(client, failures);
  while (loop.Poll(std::chrono::seconds(1))) {
  }
  return failures;
}
