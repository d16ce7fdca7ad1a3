// Answers requests with their text in capitals, until it has answered COUNT.
//
//   respond mqtt://localhost service/upper 1
//
// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "ringmq/client.h"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: respond URL TOPIC COUNT\n"), 2;
  auto options = ringmq::Options::FromUrl(argv[1]);
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  int left = std::atoi(argv[3]);
  client.Subscribe(argv[2], ringmq::Qos::kAtLeastOnce);
  while (auto batch = loop.Poll(std::chrono::seconds(1))) {
    for (const ringmq::Event& event : *batch) {
      if (event.get<ringmq::SubscribeDone>() != nullptr) {
        std::puts("ready");
        std::fflush(stdout);
      }
      const auto* message = event.get<ringmq::Message>();
      if (message == nullptr || message->response_topic().empty()) continue;
      std::string text(message->payload());
      for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      client.Respond(*message, text, {.qos = ringmq::Qos::kAtLeastOnce});
      if (--left == 0) client.Disconnect({.drain_for = std::chrono::seconds(5)});
    }
  }
}
