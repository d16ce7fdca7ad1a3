// A handler for each topic filter, found by Subscription Identifier or by topic.
//
//   router mqtt://localhost
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/router.h"

#include <cstdio>
#include <string>
#include <vector>

#include "ringmq/client.h"

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  ringmq::Router router;
  int calls = 0;
  for (const char* filter : {"house/+/temperature", "house/kitchen/#"}) {
    const uint32_t id = router.Add(filter, [&calls, filter](ringmq::Message& message) {
      std::printf("%s: %s\n", filter, std::string(message.topic()).c_str());
      ++calls;
    });
    const std::vector<ringmq::SubscriptionRequest> requests = {
        {.filter = filter, .qos = ringmq::Qos::kAtLeastOnce, .id = id}};
    client.Subscribe(requests).OnComplete([handle = client](const ringmq::SubscribeResult&) {
      handle.Publish("house/kitchen/temperature", "21");
    });
  }
  while (auto batch = loop.Poll(std::chrono::seconds(1))) {
    for (ringmq::Event& event : *batch) {
      if (auto* message = event.get<ringmq::Message>()) router.Dispatch(*message);
    }
    // The first publish may come before the second subscription, the second one matches both.
    if (calls >= 3) client.Disconnect();
  }
  return calls >= 3 ? 0 : 1;
}
