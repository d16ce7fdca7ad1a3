// The loop on a thread of its own, and publishers on others that wait for their acknowledgements.
//
//   threads mqtt://localhost
//
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "ringmq/runner.h"

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  const ringmq::Client client = made->first;
  ringmq::Runner runner = ringmq::RunInThread(std::move(made->second), [](ringmq::Event&) {});

  std::atomic<int> acknowledged{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&acknowledged, client, number] {
      for (int i = 0; i < 25; ++i) {
        const auto handle = client.Publish("threads/" + std::to_string(number), "x",
                                           {.qos = ringmq::Qos::kAtLeastOnce});
        const auto delivery = handle.Wait(std::chrono::seconds(10));
        if (delivery.ok() && delivery->ok()) ++acknowledged;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  client.Disconnect();
  runner.Join();
  std::printf("%d acknowledged\n", acknowledged.load());
  return acknowledged == 100 ? 0 : 1;
}
