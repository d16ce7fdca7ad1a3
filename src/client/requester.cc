// SPDX-License-Identifier: Apache-2.0
#include "client/requester.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/check.h"
#include "client/text.h"
#include "codec/message.h"
#include "codec/properties.h"

namespace ringmq::client {
namespace {

constexpr size_t kHexDigits = 16;

std::string Hex(uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kHexDigits, '0');
  for (size_t i = 0; i < kHexDigits; ++i) text[i] = kDigits[number >> (60 - 4 * i) & 0xf];
  return text;
}

// Zero: not one of ours.
uint64_t FromHex(std::string_view text) {
  if (text.size() != kHexDigits) return 0;
  uint64_t number = 0;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return 0;
    number = number << 4 | static_cast<uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
  }
  return number;
}

}  // namespace

Requester::Requester(Attention& attention, Subscriber& subscriber, Sender& sender, uint64_t unique)
    : attention_(attention),
      subscriber_(subscriber),
      sender_(sender),
      response_topic_("reply/" + Hex(unique)) {}

Requester::~Requester() { RMQ_CHECK(idle()); }

void Requester::Call(RequestCall call) {
  const uint64_t number = next_number_++;
  Waiting& waiting = waiting_[number];
  waiting.call = std::move(call);
  if (subscribed_ == Subscribed::kNo) Subscribe();
  if (subscribed_ == Subscribed::kYes) Send(number, waiting.call);
}

void Requester::Subscribe() {
  subscribed_ = Subscribed::kAsked;
  auto [promise, handle] = MakePending<SubscribeResult>(attention_);
  handle.OnComplete([this](const SubscribeResult& result) { OnSubscribed(result); });
  SubscribeCall call;
  call.requests.push_back({.filter = response_topic_, .qos = Qos::kAtLeastOnce});
  call.promise = std::move(promise);
  subscriber_.Call(std::move(call));
}

void Requester::OnSubscribed(const SubscribeResult& result) {
  if (result.ok()) {
    subscribed_ = Subscribed::kYes;
    for (auto& [number, waiting] : waiting_) {
      if (!waiting.sent) Send(number, waiting.call);
    }
    return;
  }
  subscribed_ = Subscribed::kNo;
  const ReasonCode reason = result.reasons.empty() ? ReasonCode::kSuccess : result.reasons.front();
  const Outcome outcome =
      result.outcome == Outcome::kAcknowledged ? Outcome::kRefused : result.outcome;
  while (!waiting_.empty()) {
    End(waiting_.begin()->first, {.outcome = outcome,
                                  .reason = reason,
                                  .message = {},
                                  .reason_string = result.reason_string});
  }
}

void Requester::Send(uint64_t number, RequestCall& call) {
  waiting_[number].sent = true;
  codec::PropertyWriter writer(call.properties);
  writer.Text(codec::PropertyId::kResponseTopic, response_topic_);
  const std::string correlation = Hex(number);
  writer.Binary(codec::PropertyId::kCorrelationData, AsBytes(correlation));
  auto [promise, handle] = MakePending<Delivery>(attention_);
  handle.OnComplete([this, number](const Delivery& delivery) { OnDelivery(number, delivery); });
  // What nobody waits for any more need not arrive either.
  codec::MessageRef message = codec::MessageRef::Make({.topic = call.topic,
                                                       .payload = AsBytes(call.payload),
                                                       .forwardable = call.properties,
                                                       .qos = call.qos,
                                                       .retain = call.retain,
                                                       .expires = call.deadline});
  sender_.Publish({std::move(message), std::move(promise)});
  call.payload = {};
  call.properties = {};
}

void Requester::OnDelivery(uint64_t number, const Delivery& delivery) {
  if (delivery.ok()) return;
  End(number, {.outcome = delivery.outcome,
               .reason = delivery.reason,
               .message = {},
               .reason_string = delivery.reason_string});
}

void Requester::End(uint64_t number, Reply reply) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return;
  ReplyPromise promise = std::move(found->second.call.promise);
  waiting_.erase(found);
  promise.Resolve(std::move(reply));
}

void Requester::OnReply(const Message& message) {
  const uint64_t number = FromHex(message.correlation_data());
  if (!waiting_.contains(number)) return;
  End(number, {.outcome = Outcome::kAcknowledged,
               .reason = ReasonCode::kSuccess,
               .message = message.Own()});
}

void Requester::Expire(Instant now) {
  std::vector<uint64_t> late;
  for (const auto& [number, waiting] : waiting_) {
    if (waiting.call.deadline <= now) late.push_back(number);
  }
  for (const uint64_t number : late) {
    End(number, {.outcome = Outcome::kExpired, .reason = ReasonCode::kSuccess, .message = {}});
  }
}

// A client waits for few answers at a time.
Instant Requester::next_deadline() const {
  Instant next = Instant::Max();
  for (const auto& [number, waiting] : waiting_) next = std::min(next, waiting.call.deadline);
  return next;
}

void Requester::Shutdown() {
  while (!waiting_.empty()) End(waiting_.begin()->first, {});
}

}  // namespace ringmq::client
