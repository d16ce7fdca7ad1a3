// MQTT inside of WebSocket. RFC 6455; MQTT 5.0 s6.
//
//   kOpening --upgrade--> kOpen --Close frame--> kEnded
//                |          |
//                +----------+--what must not be--> kFailed
//
// Payload is passed on as it comes, unmasked straight into the sink: nothing is kept but a header
// that is not whole or the payload of a control frame, so an idle layer owns no memory.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http_upgrade.h"
#include "transport/layer.h"
#include "transport/websocket_frame.h"

namespace ringmq::transport {

// What both ends have in common: frames, once the upgrade is through.
class WebSocketLayer : public Layer {
 public:
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) final;
  void Send(std::span<const uint8_t> bytes, ByteSink& down) final;
  void Close(ByteSink& down) final;
  void SetCloseCause(CloseCause cause) final;
  [[nodiscard]] LayerState state() const final { return state_; }
  [[nodiscard]] std::string_view error() const final { return error_; }
  void Describe(PeerFacts& facts) const final;

 protected:
  enum class Side : uint8_t { kClient, kServer };
  explicit WebSocketLayer(Side side) : side_(side) {}

  // The peer's head is whole. Says what has to be said, then Open() or Fail().
  virtual void OnHead(std::string_view head, ByteSink& down) = 0;
  // The peer's head grows beyond all bounds.
  virtual void OnHeadTooLarge(ByteSink& down) = 0;
  // For each frame that we send; a server sends none.
  virtual WebSocketMask NextMask() { return {}; }

  void Open(const UpgradeRequest& agreed);
  void Fail(std::string why);

 private:
  struct Agreed {
    std::string path;
    std::string subprotocol;
    std::string origin;
    std::string forwarded_for;
  };

  void ReceiveHead(std::span<const uint8_t> input, ByteSink& up, ByteSink& down);
  void ReceiveFrames(std::span<const uint8_t> input, ByteSink& up, ByteSink& down);
  [[nodiscard]] std::span<const uint8_t> TakeHeader(std::span<const uint8_t> input, ByteSink& down);
  [[nodiscard]] std::string_view Complaint(const WebSocketHeader& header) const;
  [[nodiscard]] std::span<const uint8_t> TakePayload(std::span<const uint8_t> input, ByteSink& up,
                                                     ByteSink& down);
  void OnControl(ByteSink& down);
  void OnClose(std::span<const uint8_t> payload, ByteSink& down);
  void SendFrame(WebSocketOpcode opcode, std::span<const uint8_t> payload, ByteSink& down);
  void SendClose(WebSocketClose code, ByteSink& down);
  void Refuse(WebSocketClose code, std::string_view why, ByteSink& down);

  const Side side_;
  LayerState state_ = LayerState::kOpening;
  bool in_message_ = false;  // Behind a frame that was not the last of its message.
  bool in_payload_ = false;  // `frame_` is the header of what comes now.
  bool close_sent_ = false;
  WebSocketClose close_code_ = WebSocketClose::kNormal;  // What Close() says.
  bool pong_due_ = false;  // Of the pings in one Receive() the last is answered.
  WebSocketHeader frame_;
  uint64_t payload_seen_ = 0;
  std::vector<uint8_t> held_;  // A head, a header or a control payload that is not whole.
  std::vector<uint8_t> pong_;  // What it has to say.
  std::unique_ptr<Agreed> agreed_;
  std::string error_;
};

class WebSocketServerLayer final : public WebSocketLayer {
 public:
  // The rules outlive the layer.
  explicit WebSocketServerLayer(const UpgradeRules& rules)
      : WebSocketLayer(Side::kServer), rules_(rules) {}
  void Start(ByteSink&) override {}  // The client speaks first.

 private:
  void OnHead(std::string_view head, ByteSink& down) override;
  void OnHeadTooLarge(ByteSink& down) override;

  const UpgradeRules& rules_;
};

class WebSocketClientLayer final : public WebSocketLayer {
 public:
  using Random = std::function<uint32_t()>;
  // `offer.key` comes from WebSocketKey(); `random` makes masks, and need not be of the best.
  WebSocketClientLayer(UpgradeOffer offer, Random random)
      : WebSocketLayer(Side::kClient), offer_(std::move(offer)), random_(std::move(random)) {}
  void Start(ByteSink& down) override;

 private:
  void OnHead(std::string_view head, ByteSink& down) override;
  void OnHeadTooLarge(ByteSink& down) override;
  WebSocketMask NextMask() override;

  UpgradeOffer offer_;
  Random random_;
};

// A client's layer, whose key and masks come out of `seed`. `offer.key` is filled in.
[[nodiscard]] std::unique_ptr<WebSocketClientLayer> MakeWebSocketClient(UpgradeOffer offer,
                                                                        uint64_t seed);

}  // namespace ringmq::transport
