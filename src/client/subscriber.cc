// SPDX-License-Identifier: Apache-2.0
#include "client/subscriber.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "client/packet_limit.h"
#include "client/user_properties.h"
#include "codec/properties.h"
#include "codec/topic.h"

namespace ringmq::client {
namespace {

// Calls `use` with the type and the packet, which lives during the call.
template <typename Use>
auto WithPacket(const SubscribeCall& call, codec::PacketId id, ProtocolVersion version,
                const Use& use) {
  std::vector<uint8_t> properties;
  codec::PropertyWriter writer(properties);
  for (const auto& [name, value] : call.user_properties) writer.UserProperty(name, value);
  std::vector<uint8_t> filters;
  for (const SubscriptionRequest& request : call.requests) {
    if (call.unsubscribe) {
      codec::AppendFilter(request.filter, filters);
    } else {
      const codec::SubscriptionOptions options{.qos = request.qos,
                                               .no_local = request.no_local,
                                               .retain_as_published = request.retain_as_published,
                                               .retain_handling = request.retain_handling};
      codec::AppendSubscription(request.filter, options, version, filters);
    }
  }
  const auto count = static_cast<uint32_t>(call.requests.size());
  if (call.unsubscribe) {
    return use(PacketType::kUnsubscribe, codec::Unsubscribe{.packet_id = id,
                                                            .properties = {properties},
                                                            .filters = filters,
                                                            .filter_count = count});
  }
  return use(PacketType::kSubscribe, codec::Subscribe{.packet_id = id,
                                                      .subscription_id = call.requests.front().id,
                                                      .properties = {properties},
                                                      .filters = filters,
                                                      .filter_count = count});
}

// The same for every identifier.
size_t SizeBytesOf(const SubscribeCall& call, ProtocolVersion version) {
  return WithPacket(call, 1, version, [&](PacketType, const auto& packet) {
    return codec::EncodedSizeBytes(packet, version);
  });
}

}  // namespace

Subscriber::~Subscriber() { RMQ_CHECK(idle()); }

void Subscriber::Call(SubscribeCall call) {
  if (call.unsubscribe) {
    for (const SubscriptionRequest& request : call.requests) remembered_.erase(request.filter);
  }
  waiting_.push_back(std::move(call));
}

Subscriber::Answered Subscriber::OnConnected(Wire& wire, const ServerLimits& limits,
                                             bool session_present) {
  RMQ_CHECK(wire_ == nullptr);
  RMQ_CHECK(in_flight_.empty());
  wire_ = &wire;
  limits_ = limits;
  Answered refused;
  if (!session_present) refused = AskAgain();
  Flush();
  return refused;
}

// One packet for each identifier and each list of properties, since a packet has one only of both
// (5.0 s3.8.2.1.2), and several where one would be too large.
Subscriber::Answered Subscriber::AskAgain() {
  Answered refused{.filters = {}, .reasons = {}, .unsubscribe = false, .again = true};
  std::map<std::pair<uint32_t, UserProperties>, SubscribeCall> calls;
  std::vector<SubscribeCall> full;
  for (const auto& [filter, one] : remembered_) {
    SubscribeCall alone;
    alone.again = true;
    alone.user_properties = one.user_properties;
    alone.requests.push_back(one.request);
    ReasonCode refusal = Refusal(one.request);
    if (!Fits(alone)) refusal = ReasonCode::kPacketTooLarge;
    if (refusal != ReasonCode::kSuccess) {
      refused.filters.push_back(filter);
      refused.reasons.push_back(refusal);
      continue;
    }
    SubscribeCall& call = calls[{one.request.id, one.user_properties}];
    if (call.requests.empty()) {
      call = std::move(alone);
      continue;
    }
    call.requests.push_back(one.request);
    if (call.requests.size() <= kFiltersMax && Fits(call)) continue;
    call.requests.pop_back();
    full.push_back(std::exchange(call, std::move(alone)));
  }
  for (auto& [shared, call] : calls) full.push_back(std::move(call));
  for (const std::string& filter : refused.filters) remembered_.erase(filter);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(full.begin()),
                  std::make_move_iterator(full.end()));
  return refused;
}

void Subscriber::OnDisconnected() {
  wire_ = nullptr;
  // Back to the front, in the order of sending. What the loop asked for again is asked for anew if
  // need be.
  for (auto it = in_flight_.rbegin(); it != in_flight_.rend(); ++it) {
    auto& [id, call] = it->second;
    ids_.Return(id);
    if (!call.again) waiting_.push_front(std::move(call));
  }
  in_flight_.clear();
  order_of_.clear();
  std::erase_if(waiting_, [](const SubscribeCall& call) { return call.again; });
}

void Subscriber::Flush() {
  while (wire_ != nullptr && !waiting_.empty()) {
    SubscribeCall& front = waiting_.front();
    if (!RefuseHere(front)) {
      const codec::PacketId id = ids_.Take();
      if (id == 0) return;
      Send(front, id);
      order_of_[id] = next_order_;
      in_flight_[next_order_++] = {id, std::move(front)};
    }
    waiting_.pop_front();
  }
}

ReasonCode Subscriber::Refusal(const SubscriptionRequest& request) const {
  if (codec::IsSharedFilter(request.filter) && !limits_.shared_subscription_available) {
    return ReasonCode::kSharedSubscriptionsNotSupported;
  }
  if (!limits_.wildcard_subscription_available &&
      request.filter.find_first_of("+#") != std::string::npos) {
    return ReasonCode::kWildcardSubscriptionsNotSupported;
  }
  if (request.id != 0 && !limits_.subscription_identifiers_available) {
    return ReasonCode::kSubscriptionIdentifiersNotSupported;
  }
  return ReasonCode::kSuccess;
}

// A server that has said that it cannot would end the connection.
bool Subscriber::RefuseHere(SubscribeCall& call) const {
  if (!call.user_properties.empty() && refuse_properties_ && !wire_->is_v5()) {
    call.promise.Resolve({.outcome = Outcome::kInvalid,
                          .reasons = {},
                          .reason_string = "3.1.1 has no user properties"});
    return true;
  }
  if (RefuseSize(call)) return true;
  if (call.unsubscribe) return false;
  bool any = false;
  std::vector<ReasonCode> reasons;
  for (const SubscriptionRequest& request : call.requests) {
    reasons.push_back(Refusal(request));
    any |= reasons.back() != ReasonCode::kSuccess;
  }
  if (any) {
    call.promise.Resolve({.outcome = Outcome::kInvalid, .reasons = reasons, .reason_string = {}});
  }
  return any;
}

bool Subscriber::Fits(const SubscribeCall& call) const {
  return SizeBytesOf(call, wire_->version()) <= SizeBytesMaxOf(limits_.maximum_packet_size);
}

// [MQTT-3.2.2-15]
bool Subscriber::RefuseSize(SubscribeCall& call) const {
  const size_t size_bytes = SizeBytesOf(call, wire_->version());
  const size_t size_bytes_max = SizeBytesMaxOf(limits_.maximum_packet_size);
  if (size_bytes <= size_bytes_max) return false;
  call.promise.Resolve(
      {.outcome = Outcome::kInvalid,
       .reasons = std::vector<ReasonCode>(call.requests.size(), ReasonCode::kPacketTooLarge),
       .reason_string = TooLargeText(call.unsubscribe ? "UNSUBSCRIBE" : "SUBSCRIBE", size_bytes,
                                     size_bytes_max)});
  return true;
}

void Subscriber::Send(SubscribeCall& call, codec::PacketId id) {
  WithPacket(call, id, wire_->version(),
             [&](PacketType type, const auto& packet) { wire_->Write(type, id, packet); });
}

std::optional<Subscriber::Answered> Subscriber::OnAck(const codec::SubscribeAck& ack,
                                                      bool unsubscribe) {
  const auto order = order_of_.find(ack.packet_id);
  if (order == order_of_.end()) return std::nullopt;
  const auto found = in_flight_.find(order->second);
  RMQ_CHECK(found != in_flight_.end());
  if (found->second.second.unsubscribe != unsubscribe) return std::nullopt;
  std::vector<ReasonCode> reasons(ack.reasons.begin(), ack.reasons.end());
  // 3.1.1 acknowledges UNSUBSCRIBE without reasons.
  if (unsubscribe && reasons.empty()) {
    reasons.assign(found->second.second.requests.size(), ReasonCode::kSuccess);
  }
  if (reasons.size() != found->second.second.requests.size()) return std::nullopt;

  SubscribeCall call = std::move(found->second.second);
  in_flight_.erase(found);
  order_of_.erase(order);
  ids_.Return(ack.packet_id);
  Answered answered{
      .filters = {}, .reasons = reasons, .unsubscribe = unsubscribe, .again = call.again};
  for (size_t i = 0; i < call.requests.size(); ++i) {
    const SubscriptionRequest& request = call.requests[i];
    answered.filters.push_back(request.filter);
    if (unsubscribe) {
      remembered_.erase(request.filter);
      continue;
    }
    if (IsFailure(reasons[i])) {
      remembered_.erase(request.filter);
    } else if (!call.again) {
      remembered_[request.filter] = {request, call.user_properties};
    }
  }
  call.promise.Resolve({.outcome = Outcome::kAcknowledged,
                        .reasons = std::move(reasons),
                        .reason_string = std::string(ack.reason_string),
                        .user_properties = AnswerProperties(UserPropertiesOf(ack.properties))});
  Flush();
  return answered;
}

void Subscriber::Shutdown() {
  OnDisconnected();
  for (SubscribeCall& call : waiting_) {
    call.promise.Resolve({.outcome = Outcome::kShutdown, .reasons = {}, .reason_string = {}});
  }
  waiting_.clear();
}

}  // namespace ringmq::client
