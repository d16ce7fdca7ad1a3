// Both ends of a WebSocket, upgrade and frames: what comes out does not depend on how the input is
// cut, and grows no faster than the input.
//
// The first byte: bit 0: the client's end; bit 1: the upgrade is through, the rest is frames; the
// others: how large the pieces are.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "transport/byte_vector.h"
#include "transport/websocket_layer.h"

namespace {

using namespace ringmq::transport;  // NOLINT: short.

constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";

std::unique_ptr<Layer> Make(bool client, bool open) {
  static const UpgradeRules rules;
  const UpgradeOffer offer = {.host = "h", .key = kKey};
  ByteVector up;
  ByteVector down;
  std::unique_ptr<Layer> layer;
  if (client) {
    layer = std::make_unique<WebSocketClientLayer>(offer, [] { return 0x12345678u; });
  } else {
    layer = std::make_unique<WebSocketServerLayer>(rules);
  }
  layer->Start(down);
  if (open) {
    const std::string request = MakeUpgradeRequest(offer);
    const std::string head =
        client ? MakeUpgradeResponse(CheckUpgradeRequest(request, rules)) : request;
    layer->Receive({reinterpret_cast<const uint8_t*>(head.data()), head.size()}, up, down);
    RMQ_CHECK(layer->state() == LayerState::kOpen);
  }
  return layer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool client = (data[0] & 1) != 0;
  const bool open = (data[0] & 2) != 0;
  const size_t piece = 1 + (data[0] >> 2);
  const std::span<const uint8_t> input(data + 1, size - 1);
  const auto whole = Make(client, open);
  const auto cut = Make(client, open);
  ByteVector whole_up, whole_down, cut_up, cut_down;
  whole->Receive(input, whole_up, whole_down);
  for (size_t at = 0; at < input.size(); at += piece) {
    cut->Receive(input.subspan(at, std::min(piece, input.size() - at)), cut_up, cut_down);
  }
  RMQ_CHECK(whole->state() == cut->state());
  RMQ_CHECK(whole->error() == cut->error());
  RMQ_CHECK(std::ranges::equal(whole_up.bytes(), cut_up.bytes()));
  RMQ_CHECK(whole_up.bytes().size() <= input.size());
  // A refusal or an agreement, a Close frame, and for the client four bytes of mask a pong.
  RMQ_CHECK(cut_down.bytes().size() <= 3 * input.size() + 400);
  RMQ_CHECK(whole->error().size() <= 200);
  return 0;
}
