// Prints what comes, until a message "stop" does.
//
//   subscribe mqtt://localhost plant/#
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "ringmq/client.h"

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  client.Subscribe(argc > 2 ? argv[2] : "plant/#", ringmq::Qos::kAtLeastOnce);
  while (auto batch = loop.Poll(std::chrono::seconds(1))) {
    for (const ringmq::Event& event : *batch) {
      if (const auto* message = event.get<ringmq::Message>()) {
        std::printf("%.*s %.*s\n", int(message->topic().size()), message->topic().data(),
                    int(message->payload().size()), message->payload().data());
        if (message->payload() == "stop") client.Disconnect();
      } else if (const auto* lost = event.get<ringmq::Disconnected>()) {
        std::fprintf(stderr, "%s\n", Describe(lost->cause).c_str());
      } else if (event.get<ringmq::SubscribeDone>() != nullptr) {
        std::puts("ready");
        std::fflush(stdout);
      }
    }
  }
}
