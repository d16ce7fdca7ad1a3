// A publisher whose messages survive kill -9: numbers them, keeps them in a file until they are
// acknowledged, and sends what an earlier life has left.
//
//   durable_publisher mqtt://localhost session.store 100
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

#include "ringmq/client.h"
#include "ringmq/session_store.h"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: durable_publisher URL FILE COUNT\n"), 2;
  auto options = ringmq::Options::FromUrl(argv[1]);
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto store = ringmq::OpenFileStore(argv[2], {.sync = ringmq::SyncPolicy::kNever});
  if (!store) return std::fprintf(stderr, "%s\n", Describe(store.error()).c_str()), 2;
  options->client_id = "durable";
  options->session = ringmq::SessionStart::kResume;
  options->session_expiry_s = 3600;
  options->store = store->get();
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  const int count = std::atoi(argv[3]);
  int published = 0;
  bool leaving = false;
  while (auto batch = loop.Poll(std::chrono::milliseconds(100))) {
    while (published < count) {
      const auto handle = client.Publish("durable/" + std::to_string(published), "x",
                                         {.qos = ringmq::Qos::kAtLeastOnce});
      if (handle.done()) break;  // The queue is full; there is room after a Writable event.
      ++published;
    }
    if (published == count && !leaving) {
      client.Disconnect({.drain_for = std::chrono::seconds(30)});
      leaving = true;
    }
  }
  std::printf("published %d, unfinished %u\n", published, client.stats().queued_messages);
  return client.stats().queued_messages == 0 ? 0 : 1;
}
