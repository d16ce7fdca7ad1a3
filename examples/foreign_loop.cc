// The client inside somebody else's loop, here epoll: register the descriptor once, wait no longer
// than NextDeadline(), and poll with zero.
//
//   foreign_loop mqtt://localhost
//
// SPDX-License-Identifier: Apache-2.0
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ringmq/client.h"

namespace {

int MillisecondsUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
  return static_cast<int>(std::clamp<long long>(ms, 0, 60'000));
}

}  // namespace

int main(int argc, char** argv) {
  auto options = ringmq::Options::FromUrl(argc > 1 ? argv[1] : "mqtt://localhost");
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event entry{.events = EPOLLIN, .data = {}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, loop.descriptor(), &entry);

  const auto done = client.Publish("foreign", "loop", {.qos = ringmq::Qos::kExactlyOnce});
  client.Disconnect({.drain_for = std::chrono::seconds(10)});
  while (loop.Poll(std::chrono::milliseconds(0))) {
    epoll_wait(epoll, &entry, 1, MillisecondsUntil(loop.NextDeadline()));
  }
  close(epoll);
  std::printf("%s\n", NameOf(done.Poll()->outcome));
  return done.Poll()->ok() ? 0 : 1;
}
