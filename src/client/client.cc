// The public names: thin over Hub and Loop.
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/client.h"

#include <random>
#include <utility>

#include "base/check.h"
#include "client/check_options.h"
#include "client/greeting.h"
#include "client/hub.h"
#include "client/loop.h"
#include "client/text.h"
#include "codec/limits.h"
#include "codec/message.h"
#include "codec/publication.h"
#include "reactor/clock.h"
#include "reactor/features.h"

namespace ringmq {
namespace {

using client::AsBytes;
using client::Command;
using client::Hub;
using client::MakePending;
using std::chrono::steady_clock;

// Four, because views of one batch may hold some while the next is received.
constexpr reactor::UringOptions kRing = {.sq_entries = 32,
                                         .cq_entries = 128,
                                         .buffer_count = 4,
                                         .buffer_size_bytes = 64 << 10,
                                         .threads = reactor::RingThreads::kAny};

Instant After(std::chrono::milliseconds time) {
  constexpr int64_t kLongestMs = int64_t{1} << 40;
  return reactor::MonotonicNow() +
         kMillisecond * std::min<int64_t>(std::max<int64_t>(time.count(), 0), kLongestMs);
}

reactor::IoBackend BackendOf(IoEngine engine) {
  switch (engine) {
    case IoEngine::kAuto:
      return reactor::IoBackend::kAuto;
    case IoEngine::kUring:
      return reactor::IoBackend::kUring;
    case IoEngine::kEpoll:
      return reactor::IoBackend::kEpoll;
  }
  return reactor::IoBackend::kAuto;
}

Delivery Invalid(const char* why) {
  return {.outcome = Outcome::kInvalid, .reason = ReasonCode::kSuccess, .reason_string = why};
}

// Copied into one block, on the caller's thread; a large payload that is shared anyway is not.
codec::MessageRef MakeMessage(std::string_view topic, std::string_view payload,
                              const SharedBytes* shared, const PublishOptions& options) {
  std::vector<uint8_t> properties;
  if (options.properties != nullptr) client::AppendProperties(*options.properties, properties);
  const Instant expires =
      options.expires_after.count() > 0 ? After(options.expires_after) : Instant::Max();
  const codec::MessageContent content = {.topic = topic,
                                         .payload = AsBytes(payload),
                                         .forwardable = properties,
                                         .qos = options.qos,
                                         .retain = options.retain,
                                         .expires = expires};
  // Smaller ones are copied into the output in any case.
  if (shared == nullptr || payload.size() < codec::Publication::kPayloadReferenceBytesMin) {
    return codec::MessageRef::Make(content);
  }
  return codec::MessageRef::MakeReferencing(content, new SharedBytes(*shared), [](void* owner) {
    delete static_cast<SharedBytes*>(owner);
  });
}

const char* WhyNot(std::string_view topic, std::string_view payload,
                   const PublishOptions& options) {
  if (payload.size() > codec::kPacketSizeBytesMax) return "the payload is larger than a packet";
  return client::WhyNotPublishable(topic, options.properties);
}

client::PublishCommand CommandOf(codec::MessageRef message, client::PublishPromise promise) {
  client::PublishCommand command;
  command.size_bytes = message.size_bytes();
  command.qos = message.qos();
  command.message = std::move(message);
  command.promise = std::move(promise);
  return command;
}

PublishHandle PublishTo(Hub& hub, std::string_view topic, std::string_view payload,
                        const SharedBytes* shared, const PublishOptions& options) {
  auto [promise, handle] = MakePending<Delivery>(hub.attention());
  if (const char* why = WhyNot(topic, payload, options); why != nullptr) {
    promise.Resolve(Invalid(why));
    return handle;
  }
  hub.Publish(CommandOf(MakeMessage(topic, payload, shared, options), std::move(promise)));
  return handle;
}

// Calls `publish` when there is room for so many bytes, until somebody else does not take it first.
template <typename Publish>
Expected<PublishHandle> PublishWhenRoom(Hub& hub, std::chrono::steady_clock::time_point deadline,
                                        size_t size_bytes, const Publish& publish) {
  while (true) {
    switch (hub.AwaitRoom(size_bytes, deadline)) {
      case Hub::Room::kTimedOut:
        return Error(Errc::kTimedOut, "the queue stayed full");
      case Hub::Room::kDeadlock:
        return Error(Errc::kDeadlock,
                     "the queue is full, and only this thread could empty it; poll the loop");
      case Hub::Room::kStopped:
        return Error(Errc::kStopped);
      case Hub::Room::kYes:
        break;
    }
    PublishHandle handle = publish();
    const std::optional<Delivery> refused = handle.Poll();
    // Somebody else took the room.
    if (refused.has_value() && refused->outcome == Outcome::kWouldBlock) continue;
    return handle;
  }
}

// What `ask` asks for, and the answer to it.
template <typename Result, typename Ask>
Expected<Result> AskUntil(Hub& hub, std::chrono::steady_clock::time_point deadline,
                          const Ask& ask) {
  if (hub.on_loop_thread()) {
    return Error(Errc::kDeadlock, "only this thread could bring the answer; poll the loop");
  }
  Expected<Result> answer = ask().WaitUntil(deadline);
  if (answer.ok() && answer->outcome == Outcome::kShutdown) return Error(Errc::kStopped);
  return answer;
}

std::chrono::steady_clock::time_point ToChrono(Instant instant) {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(instant.ns));
}

}  // namespace

// --- Client.

Client::Client(const Client& other) noexcept : hub_(other.hub_) { client::Ref(hub_); }

Client::~Client() {
  if (hub_ != nullptr) client::Unref(hub_);
}

PublishHandle Client::Publish(std::string_view topic, std::string_view payload,
                              const PublishOptions& options) const {
  return PublishTo(*hub_, topic, payload, nullptr, options);
}

PublishHandle Client::Publish(std::string_view topic, const SharedBytes& payload,
                              const PublishOptions& options) const {
  return PublishTo(*hub_, topic, payload.view(), &payload, options);
}

PublishHandle Client::PublishMoved(std::string_view topic, std::string& payload,
                                   const PublishOptions& options) const {
  auto [promise, handle] = MakePending<Delivery>(hub_->attention());
  if (const char* why = WhyNot(topic, payload, options); why != nullptr) {
    promise.Resolve(Invalid(why));
    return handle;
  }
  if (payload.size() < codec::Publication::kPayloadReferenceBytesMin) {
    codec::MessageRef message = MakeMessage(topic, payload, nullptr, options);
    if (hub_->Publish(CommandOf(std::move(message), std::move(promise)))) payload.clear();
    return handle;
  }
  SharedBytes shared = SharedBytes::Take(std::move(payload));
  codec::MessageRef message = MakeMessage(topic, shared.view(), &shared, options);
  const bool taken = hub_->Publish(CommandOf(std::move(message), std::move(promise)));
  // Refused, the message is gone, and ours is the last reference.
  payload = taken ? std::string() : shared.TakeString();
  return handle;
}

Expected<PublishHandle> Client::PublishUntil(std::chrono::steady_clock::time_point deadline,
                                             std::string_view topic, std::string_view payload,
                                             const PublishOptions& options) const {
  return PublishWhenRoom(*hub_, deadline, topic.size() + payload.size(),
                         [&] { return Publish(topic, payload, options); });
}

Expected<PublishHandle> Client::PublishMovedUntil(std::chrono::steady_clock::time_point deadline,
                                                  std::string_view topic, std::string& payload,
                                                  const PublishOptions& options) const {
  return PublishWhenRoom(*hub_, deadline, topic.size() + payload.size(),
                         [&] { return PublishMoved(topic, payload, options); });
}

SubscribeHandle Client::Subscribe(std::string_view filter, Qos qos) const {
  const SubscriptionRequest request{.filter = std::string(filter), .qos = qos};
  return Subscribe(std::span(&request, 1));
}

SubscribeHandle Client::Subscribe(std::span<const SubscriptionRequest> requests,
                                  const UserProperties& user_properties) const {
  auto [promise, handle] = MakePending<SubscribeResult>(hub_->attention());
  const char* why =
      requests.empty() ? "no topic filter" : client::WhyNotUserProperties(user_properties);
  for (const SubscriptionRequest& request : requests) {
    if (why == nullptr) why = client::WhyNotSubscribable(request);
  }
  if (why != nullptr) {
    promise.Resolve({.outcome = Outcome::kInvalid, .reasons = {}, .reason_string = why});
    return handle;
  }
  client::SubscribeCall call;
  call.requests.assign(requests.begin(), requests.end());
  call.user_properties = user_properties;
  call.promise = std::move(promise);
  Command command = std::move(call);
  if (!hub_->Post(command)) std::get<client::SubscribeCall>(command).promise.Resolve({});
  return handle;
}

SubscribeHandle Client::Unsubscribe(std::string_view filter) const {
  const std::string one(filter);
  return Unsubscribe(std::span(&one, 1));
}

SubscribeHandle Client::Unsubscribe(std::span<const std::string> filters,
                                    const UserProperties& user_properties) const {
  auto [promise, handle] = MakePending<SubscribeResult>(hub_->attention());
  const char* why =
      filters.empty() ? "no topic filter" : client::WhyNotUserProperties(user_properties);
  client::SubscribeCall call;
  call.unsubscribe = true;
  call.user_properties = user_properties;
  for (const std::string& filter : filters) {
    call.requests.push_back({.filter = filter});
    if (why == nullptr) why = client::WhyNotSubscribable(call.requests.back());
  }
  if (why != nullptr) {
    promise.Resolve({.outcome = Outcome::kInvalid, .reasons = {}, .reason_string = why});
    return handle;
  }
  call.promise = std::move(promise);
  Command command = std::move(call);
  if (!hub_->Post(command)) std::get<client::SubscribeCall>(command).promise.Resolve({});
  return handle;
}

ReplyHandle Client::Request(std::string_view topic, std::string_view payload,
                            std::chrono::milliseconds timeout,
                            const PublishOptions& options) const {
  auto [promise, handle] = MakePending<Reply>(hub_->attention());
  if (WhyNot(topic, payload, options) != nullptr || hub_->version() != ProtocolVersion::kV5) {
    promise.Resolve({.outcome = Outcome::kInvalid, .reason = {}, .message = {}});
    return handle;
  }
  client::RequestCall call;
  call.topic = topic;
  call.payload = payload;
  if (options.properties != nullptr) {
    PublishProperties properties = *options.properties;
    properties.response_topic.clear();
    properties.correlation_data.clear();
    client::AppendProperties(properties, call.properties);
  }
  call.qos = options.qos;
  call.retain = options.retain;
  call.deadline = After(timeout);
  call.promise = std::move(promise);
  Command command = std::move(call);
  if (!hub_->Post(command)) std::get<client::RequestCall>(command).promise.Resolve({});
  return handle;
}

PublishHandle Client::Respond(const Message& request, std::string_view payload,
                              const PublishOptions& options) const {
  PublishProperties properties;
  if (options.properties != nullptr) properties = *options.properties;
  properties.correlation_data = request.correlation_data();
  PublishOptions with = options;
  with.properties = &properties;
  return Publish(request.response_topic(), payload, with);
}

Expected<SubscribeResult> Client::SubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                                 std::string_view filter, Qos qos) const {
  return AskUntil<SubscribeResult>(*hub_, deadline, [&] { return Subscribe(filter, qos); });
}

Expected<SubscribeResult> Client::SubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                                 std::span<const SubscriptionRequest> requests,
                                                 const UserProperties& user_properties) const {
  return AskUntil<SubscribeResult>(*hub_, deadline,
                                   [&] { return Subscribe(requests, user_properties); });
}

Expected<SubscribeResult> Client::UnsubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                                   std::string_view filter) const {
  return AskUntil<SubscribeResult>(*hub_, deadline, [&] { return Unsubscribe(filter); });
}

Expected<SubscribeResult> Client::UnsubscribeUntil(std::chrono::steady_clock::time_point deadline,
                                                   std::span<const std::string> filters,
                                                   const UserProperties& user_properties) const {
  return AskUntil<SubscribeResult>(*hub_, deadline,
                                   [&] { return Unsubscribe(filters, user_properties); });
}

Expected<Reply> Client::RequestUntil(std::chrono::steady_clock::time_point deadline,
                                     std::string_view topic, std::string_view payload,
                                     const PublishOptions& options) const {
  const auto now = steady_clock::now();
  const auto left = deadline > now ? std::chrono::ceil<std::chrono::milliseconds>(deadline - now)
                                   : std::chrono::milliseconds(0);
  Expected<Reply> reply =
      AskUntil<Reply>(*hub_, deadline, [&] { return Request(topic, payload, left, options); });
  // Whether the loop or this thread looked at the clock first makes no difference.
  if (reply.ok() && reply->outcome == Outcome::kExpired) return Error(Errc::kTimedOut);
  return reply;
}

bool Client::Cancel(const PublishHandle& handle) const {
  if (!handle.valid() || handle.done()) return false;
  Command command = client::CancelCommand{handle};
  return hub_->Post(command);
}

PublishHandle Client::Disconnect(const DisconnectOptions& options) const {
  auto [promise, handle] = MakePending<Delivery>(hub_->attention());
  if (const char* why = client::WhyNotDisconnectable(options); why != nullptr) {
    promise.Resolve(Invalid(why));
    return handle;
  }
  client::DisconnectCall call;
  call.options = options;
  call.deadline = After(options.drain_for);
  call.promise = std::move(promise);
  Command command = std::move(call);
  if (!hub_->Post(command)) {
    std::get<client::DisconnectCall>(command).promise.Resolve({.outcome = Outcome::kShutdown});
  }
  return handle;
}

void Client::Reconnect() const {
  Command command = client::ReconnectCommand{};
  static_cast<void>(hub_->Post(command));  // An ended loop has nothing to connect.
}

void Client::Reauthenticate() const {
  Command command = client::ReauthenticateCommand{};
  static_cast<void>(hub_->Post(command));
}

ConnectHandle Client::WhenConnected() const { return hub_->WhenConnected(); }

void Client::Wake() const { hub_->WakeOwner(); }

ClientStats Client::stats() const { return hub_->stats(); }

// --- EventLoop.

EventLoop::EventLoop(std::unique_ptr<client::Loop> loop) noexcept : loop_(std::move(loop)) {}
EventLoop::EventLoop(EventLoop&&) noexcept = default;
EventLoop& EventLoop::operator=(EventLoop&& other) noexcept {
  loop_ = std::move(other.loop_);
  return *this;
}
EventLoop::~EventLoop() = default;

Expected<EventBatch> EventLoop::Poll(std::chrono::milliseconds timeout) {
  return loop_->Poll(timeout);
}
int EventLoop::descriptor() const noexcept { return loop_->descriptor(); }
std::chrono::steady_clock::time_point EventLoop::NextDeadline() const {
  return ToChrono(loop_->NextDeadline());
}
void EventLoop::RebindThread() noexcept { loop_->RebindThread(); }
Client EventLoop::client() const noexcept {
  client::Ref(&loop_->hub());
  return Client(&loop_->hub());
}

Expected<ClientPair> MakeClient(Options options) {
  const Expected<void> checked = client::CheckOptions(options);
  if (!checked.ok()) return checked.error();
  std::string notice;
  auto ring = reactor::MakeRing(BackendOf(options.io), kRing, &notice);
  if (!ring.ok()) return Error(Errc::kSystem, std::string(ring.status().message()));
  std::random_device device;
  const uint64_t seed = uint64_t{device()} << 32 | device();
  const Duration wall{std::chrono::duration_cast<std::chrono::nanoseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count()};
  const Duration wall_offset = wall - (reactor::MonotonicNow() - Instant{});
  auto inner =
      std::make_unique<client::Loop>(std::move(options), std::move(*ring), seed, wall_offset);
  if (const Expected<void> prepared = inner->Prepare(); !prepared.ok()) return prepared.error();
  EventLoop loop(std::move(inner));
  Client first = loop.client();
  return ClientPair(std::move(first), std::move(loop));
}

const char* NameOf(const Event& event) noexcept {
  static constexpr const char* kNames[] = {"message",         "connecting",   "connected",
                                           "disconnected",    "session lost", "resubscribed",
                                           "subscribe done",  "writable",     "packet sent",
                                           "packet received", "stopped"};
  return kNames[const_cast<Event&>(event).content().index()];
}

}  // namespace ringmq
