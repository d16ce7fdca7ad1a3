// One WebSocket layer on a connected socket, for test_websocket.py to talk to with an
// implementation that nobody here wrote.
//
//   ringmq_websocket_pipe server   echoes what it gets until the other end has closed
//   ringmq_websocket_pipe client   sends a million bytes, wants them back, and closes
//
// The socket is descriptor 0. Prints how it ended; exit code 0 if that was in good order.
//
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "transport/byte_vector.h"
#include "transport/websocket_accept.h"
#include "transport/websocket_layer.h"

namespace {

using namespace ringmq::transport;  // NOLINT: short.

constexpr int kSocket = STDIN_FILENO;

bool WriteAll(ByteVector& down) {
  std::span<const uint8_t> bytes = down.bytes();
  while (!bytes.empty()) {
    const ssize_t written = send(kSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  down.Clear();
  return true;
}

// Whatever arrives in one read; false when nothing more will.
bool ReadSome(Layer& layer, ByteVector& up, ByteVector& down) {
  uint8_t buffer[5000];
  const ssize_t size = read(kSocket, buffer, sizeof(buffer));
  if (size <= 0) return false;
  layer.Receive({buffer, static_cast<size_t>(size)}, up, down);
  return true;
}

int Report(const Layer& layer) {
  const bool ended_well = layer.state() == LayerState::kEnded;
  std::printf("%s\n", ended_well ? "ended" : std::string(layer.error()).c_str());
  return ended_well ? 0 : 1;
}

int Serve() {
  const UpgradeRules rules;
  WebSocketServerLayer layer(rules);
  ByteVector up;
  ByteVector down;
  while (ReadSome(layer, up, down)) {
    if (layer.state() == LayerState::kOpen) layer.Send(up.bytes(), down);
    up.Clear();
    if (!WriteAll(down)) break;
    if (layer.state() == LayerState::kEnded || layer.state() == LayerState::kFailed) break;
  }
  return Report(layer);
}

int Connect() {
  uint32_t mask = 5;
  WebSocketClientLayer layer({.host = "localhost", .key = WebSocketKey({1, 2, 3})},
                             [&mask] { return mask = mask * 1'664'525 + 1'013'904'223; });
  ByteVector up;
  ByteVector down;
  std::vector<uint8_t> sent;
  for (uint32_t i = 0; i < 1'000'000; ++i) sent.push_back(static_cast<uint8_t>(i * i >> 3));
  layer.Start(down);
  bool has_sent = false;
  bool has_closed = false;
  while (WriteAll(down) && ReadSome(layer, up, down) && layer.state() <= LayerState::kOpen) {
    if (layer.state() == LayerState::kOpen && !has_sent) {
      layer.Send(sent, down);
      has_sent = true;
    }
    if (up.bytes().size() == sent.size() && !has_closed) {
      layer.Close(down);
      has_closed = true;
    }
  }
  const int code = Report(layer);
  return code == 0 && std::ranges::equal(up.bytes(), sent) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "server") == 0) return Serve();
  if (argc == 2 && std::strcmp(argv[1], "client") == 0) return Connect();
  std::fprintf(stderr, "usage: ringmq_websocket_pipe server|client\n");
  return 2;
}
