// SPDX-License-Identifier: Apache-2.0
#include "transport/websocket_layer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "base/utf8.h"
#include "transport/websocket_accept.h"

namespace ringmq::transport {

void WebSocketLayer::Open(const UpgradeRequest& agreed) {
  agreed_ = std::make_unique<Agreed>(Agreed{.path = agreed.path,
                                            .subprotocol = agreed.subprotocol,
                                            .origin = agreed.origin,
                                            .forwarded_for = agreed.forwarded_for});
  state_ = LayerState::kOpen;
}

void WebSocketLayer::Fail(std::string why) {
  state_ = LayerState::kFailed;
  error_ = "WebSocket: " + std::move(why);
}

void WebSocketLayer::Describe(PeerFacts& facts) const {
  if (agreed_ == nullptr) return;
  facts.websocket = {.used = true,
                     .path = agreed_->path,
                     .subprotocol = agreed_->subprotocol,
                     .origin = agreed_->origin,
                     .forwarded_for = agreed_->forwarded_for};
}

void WebSocketLayer::Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  if (state_ == LayerState::kOpening) {
    ReceiveHead(input, up, down);
  } else {
    ReceiveFrames(input, up, down);
  }
}

void WebSocketLayer::ReceiveHead(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  // What comes behind the head in the same piece may be longer than a head can be.
  const size_t before = held_.size();
  const size_t taken = std::min(input.size(), kHttpHeadBytesMax - before);
  held_.insert(held_.end(), input.begin(), input.begin() + static_cast<ptrdiff_t>(taken));
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(held_.data())),
                              held_.size());
  const size_t head_bytes = FindHttpHead(text);
  if (head_bytes == 0) {
    if (held_.size() == kHttpHeadBytesMax) OnHeadTooLarge(down);
    return;
  }
  OnHead(text.substr(0, head_bytes), down);
  held_ = {};
  if (state_ == LayerState::kOpen) ReceiveFrames(input.subspan(head_bytes - before), up, down);
}

void WebSocketLayer::ReceiveFrames(std::span<const uint8_t> input, ByteSink& up, ByteSink& down) {
  while (state_ == LayerState::kOpen && (!input.empty() || in_payload_)) {
    if (!in_payload_) {
      input = TakeHeader(input, down);
      continue;
    }
    if (input.empty() && payload_seen_ < frame_.payload_bytes) break;
    input = TakePayload(input, up, down);
  }
  if (!std::exchange(pong_due_, false)) return;
  if (state_ == LayerState::kOpen && !close_sent_) {
    SendFrame(WebSocketOpcode::kPong, pong_, down);
  }
  pong_ = {};
}

// Takes what belongs to a frame's header; returns the rest.
std::span<const uint8_t> WebSocketLayer::TakeHeader(std::span<const uint8_t> input,
                                                    ByteSink& down) {
  const size_t before = held_.size();
  // Straight from the input if it is all there, which it nearly always is.
  std::span<const uint8_t> bytes = input;
  if (before > 0) {
    const size_t taken = std::min(input.size(), kWebSocketHeaderBytesMax - before);
    held_.insert(held_.end(), input.begin(), input.begin() + static_cast<ptrdiff_t>(taken));
    bytes = held_;
  }
  const WebSocketHeaderParse parse = ParseWebSocketHeader(bytes);
  if (parse.status == WebSocketHeaderParse::kNeedMore) {
    if (before == 0) held_.assign(input.begin(), input.end());
    return {};
  }
  if (parse.status == WebSocketHeaderParse::kMalformed) {
    Refuse(WebSocketClose::kProtocolError, parse.complaint, down);
    return {};
  }
  held_.clear();
  frame_ = parse.header;
  const std::string_view complaint = Complaint(frame_);
  if (!complaint.empty()) {
    const bool is_text = frame_.opcode == WebSocketOpcode::kText;
    Refuse(is_text ? WebSocketClose::kUnsupportedData : WebSocketClose::kProtocolError, complaint,
           down);
    return {};
  }
  in_payload_ = true;
  payload_seen_ = 0;
  return input.subspan(frame_.size_bytes - before);
}

// What is wrong with this frame at this place; empty: nothing.
std::string_view WebSocketLayer::Complaint(const WebSocketHeader& header) const {
  if (header.masked != (side_ == Side::kServer)) {
    return header.masked ? "the server's frame is masked" : "the client's frame is not masked";
  }
  if (header.is_control()) return {};
  if (header.opcode == WebSocketOpcode::kText) return "a text frame";  // [MQTT-6.0.0-1]
  const bool continues = header.opcode == WebSocketOpcode::kContinuation;
  if (continues && !in_message_) return "a continuation of nothing";
  if (!continues && in_message_) return "a new message within another";
  return {};
}

std::span<const uint8_t> WebSocketLayer::TakePayload(std::span<const uint8_t> input, ByteSink& up,
                                                     ByteSink& down) {
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(input.size(), frame_.payload_bytes - payload_seen_));
  if (count > 0) {
    uint8_t* target = nullptr;
    if (frame_.is_control()) {
      held_.resize(held_.size() + count);
      target = &held_[held_.size() - count];
    } else {
      target = up.Append(count);
    }
    if (frame_.masked) {
      ApplyWebSocketMask(input.first(count), frame_.mask, payload_seen_, target);
    } else {
      std::memcpy(target, input.data(), count);
    }
    payload_seen_ += count;
  }
  if (payload_seen_ == frame_.payload_bytes) {
    in_payload_ = false;
    if (frame_.is_control()) {
      OnControl(down);
      held_ = {};
    } else {
      in_message_ = !frame_.fin;
    }
  }
  return input.subspan(count);
}

void WebSocketLayer::OnControl(ByteSink& down) {
  if (frame_.opcode == WebSocketOpcode::kPing) {
    pong_due_ = true;
    pong_ = held_;
  } else if (frame_.opcode == WebSocketOpcode::kClose) {
    OnClose(held_, down);
  }
}

void WebSocketLayer::OnClose(std::span<const uint8_t> payload, ByteSink& down) {
  constexpr size_t kCodeBytes = 2;
  if (payload.size() == 1) {
    Refuse(WebSocketClose::kProtocolError, "half a close code", down);
    return;
  }
  if (!payload.empty() &&
      !IsWebSocketCloseCode(static_cast<uint16_t>(payload[0] << 8 | payload[1]))) {
    Refuse(WebSocketClose::kProtocolError, "a close code that may not be sent", down);
    return;
  }
  const std::span<const uint8_t> code = payload.first(std::min(payload.size(), kCodeBytes));
  const std::span<const uint8_t> reason = payload.subspan(code.size());
  // RFC 6455 s5.5.1, s8.1.
  if (!base::IsValidUtf8Payload(
          {static_cast<const char*>(static_cast<const void*>(reason.data())), reason.size()})) {
    Refuse(WebSocketClose::kInvalidData, "a close reason that is no UTF-8", down);
    return;
  }
  if (!close_sent_) SendFrame(WebSocketOpcode::kClose, code, down);
  close_sent_ = true;
  state_ = LayerState::kEnded;
}

void WebSocketLayer::SendFrame(WebSocketOpcode opcode, std::span<const uint8_t> payload,
                               ByteSink& down) {
  if (side_ == Side::kServer) {
    AppendWebSocketFrame(opcode, payload, std::nullopt, down);
  } else {
    AppendWebSocketFrame(opcode, payload, NextMask(), down);
  }
}

void WebSocketLayer::Send(std::span<const uint8_t> bytes, ByteSink& down) {
  RMQ_CHECK(state_ == LayerState::kOpen);
  if (!close_sent_ && !bytes.empty()) SendFrame(WebSocketOpcode::kBinary, bytes, down);
}

void WebSocketLayer::SendClose(WebSocketClose code, ByteSink& down) {
  const auto value = static_cast<uint16_t>(code);
  const uint8_t payload[2] = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
  SendFrame(WebSocketOpcode::kClose, payload, down);
  close_sent_ = true;
}

void WebSocketLayer::Close(ByteSink& down) {
  if (state_ == LayerState::kOpen && !close_sent_) SendClose(close_code_, down);
}

// RFC 6455 s7.4.1.
void WebSocketLayer::SetCloseCause(CloseCause cause) {
  switch (cause) {
    case CloseCause::kNormal:
      close_code_ = WebSocketClose::kNormal;
      return;
    case CloseCause::kGoingAway:
      close_code_ = WebSocketClose::kGoingAway;
      return;
    case CloseCause::kProtocolError:
      close_code_ = WebSocketClose::kProtocolError;
      return;
    case CloseCause::kPolicy:
      close_code_ = WebSocketClose::kPolicyViolation;
      return;
  }
  RMQ_CHECK(false);
}

void WebSocketLayer::Refuse(WebSocketClose code, std::string_view why, ByteSink& down) {
  if (!close_sent_) SendClose(code, down);
  Fail(std::string(why));
}

// --- The server's upgrade.

void WebSocketServerLayer::OnHead(std::string_view head, ByteSink& down) {
  const UpgradeVerdict verdict = CheckUpgradeRequest(head, rules_);
  down.Append(std::string_view(MakeUpgradeResponse(verdict)));
  if (verdict.ok()) {
    Open(verdict.request);
  } else {
    Fail("upgrade refused with " + std::to_string(verdict.status) + ": " +
         std::string(verdict.reason));
  }
}

void WebSocketServerLayer::OnHeadTooLarge(ByteSink& down) {
  const UpgradeVerdict too_large = {
      .status = 431, .reason = "the request is too large", .request = {}};
  down.Append(std::string_view(MakeUpgradeResponse(too_large)));
  Fail("upgrade refused with 431: the request is too large");
}

// --- The client's.

void WebSocketClientLayer::Start(ByteSink& down) {
  down.Append(std::string_view(MakeUpgradeRequest(offer_)));
}

void WebSocketClientLayer::OnHead(std::string_view head, ByteSink&) {
  const std::string complaint = CheckUpgradeResponse(head, offer_);
  if (complaint.empty()) {
    Open({.path = offer_.path,
          .subprotocol = offer_.subprotocol,
          .origin = {},
          .forwarded_for = {},
          .key = {}});
  } else {
    Fail(complaint);
  }
  offer_ = {};
}

void WebSocketClientLayer::OnHeadTooLarge(ByteSink&) { Fail("the server's answer has no end"); }

WebSocketMask WebSocketClientLayer::NextMask() {
  const uint32_t number = random_();
  WebSocketMask mask;
  std::memcpy(mask.data(), &number, mask.size());
  return mask;
}

std::unique_ptr<WebSocketClientLayer> MakeWebSocketClient(UpgradeOffer offer, uint64_t seed) {
  base::Random random(seed);
  std::array<uint8_t, 16> nonce;  // NOLINT: filled below.
  for (uint8_t& byte : nonce) byte = static_cast<uint8_t>(random.Next() >> 32);
  offer.key = WebSocketKey(nonce);
  return std::make_unique<WebSocketClientLayer>(
      std::move(offer), [random]() mutable { return static_cast<uint32_t>(random.Next() >> 16); });
}

}  // namespace ringmq::transport
