// Asks a question and prints the answer (MQTT 5 request and response).
//
//   request mqtt://localhost service/upper hello
//
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "ringmq/client.h"

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: request URL TOPIC QUESTION\n"), 2;
  auto options = ringmq::Options::FromUrl(argv[1]);
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  const auto asked = client.Request(argv[2], argv[3], std::chrono::seconds(10),
                                    {.qos = ringmq::Qos::kAtLeastOnce});
  asked.OnComplete([handle = client](const ringmq::Reply&) { handle.Disconnect(); });
  while (loop.Poll(std::chrono::seconds(1))) {
  }
  const auto reply = asked.Poll();
  if (!reply->ok()) return std::fprintf(stderr, "%s\n", NameOf(reply->outcome)), 1;
  std::printf("%s\n", std::string(reply->message.payload.view()).c_str());
}
