// SPDX-License-Identifier: Apache-2.0
#include "sim/core_client.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <fmt/format.h>

#include "client/text.h"

namespace ringmq::sim {
namespace {

constexpr size_t kReadBytesMax = 3000;
constexpr size_t kHandlesMax = 300;

Options DrawOptions(base::Random& random, int number, const CoreClientPlan& plan) {
  Options options;
  options.client_id = fmt::format("core{}", number);
  options.session_expiry_s = plan.is_forgotten ? 0 : 1'000'000;
  options.keep_alive_s = static_cast<uint16_t>(random.Chance(1, 2) ? 0 : 1 + random.Below(5));
  options.receive_maximum = static_cast<uint16_t>(1 + random.Below(20));
  options.in_flight_max = static_cast<uint16_t>(1 + random.Below(20));
  options.topic_alias_maximum = static_cast<uint16_t>(random.Below(4));
  options.use_topic_aliases = random.Chance(1, 2);
  return options;
}

}  // namespace

void CoreOracle::OnReceived(int subscriber, int publisher, Qos qos, uint64_t number) {
  ++deliveries_;
  uint64_t& next = next_[{subscriber, {publisher, qos}}];
  world_.Note(fmt::format("core{} has {} of core{} at QoS {}", subscriber, number, publisher,
                          static_cast<int>(qos)));
  if (number == next) {
    ++next;
  } else if (number > next) {
    if (qos == Qos::kAtMostOnce) {
      next = number + 1;  // May be lost, but not come out of order.
    } else {
      world_.Fail(fmt::format("core{} got {} of core{} at QoS {} before {}", subscriber, number,
                              publisher, static_cast<int>(qos), next));
    }
  } else if (qos != Qos::kAtLeastOnce) {
    world_.Fail(fmt::format("core{} got {} of core{} at QoS {} twice", subscriber, number,
                            publisher, static_cast<int>(qos)));
  }
}

std::string CoreOracle::WhatIsMissing(int clients) const {
  for (const auto& [flow, count] : published_) {
    if (flow.second == Qos::kAtMostOnce) continue;
    for (int subscriber = 0; subscriber < clients; ++subscriber) {
      const auto found = next_.find({subscriber, flow});
      const uint64_t next = found == next_.end() ? 0 : found->second;
      if (next != count) {
        return fmt::format("core{} has {} of {} of core{} at QoS {}", subscriber, next, count,
                           flow.first, static_cast<int>(flow.second));
      }
    }
  }
  return "";
}

CoreClient::CoreClient(World& world, Cluster& cluster, CoreOracle& oracle, int number,
                       CoreClientPlan plan)
    : world_(world),
      cluster_(cluster),
      oracle_(oracle),
      number_(number),
      plan_(std::move(plan)),
      options_(DrawOptions(world.random, number, plan_)),
      attention_(new client::Attention),
      core_(options_, *attention_, acks_, world.random.Next(), {}),
      input_(options_.incoming_packet_bytes_max, options_.version),
      next_action_(world.now) {
  for (const std::string& filter : plan_.filters) {
    auto [promise, handle] = client::MakePending<SubscribeResult>(*attention_);
    subscribed_.push_back(handle);
    client::SubscribeCall call;
    call.requests.push_back({.filter = filter, .qos = Qos::kExactlyOnce});
    call.promise = std::move(promise);
    core_.Subscribe(std::move(call));
  }
}

bool CoreClient::subscribed() const {
  return std::ranges::all_of(subscribed_, [&](const SubscribeHandle& handle) {
    if (handle.done() && !handle.Poll()->ok()) world_.Fail("a SUBSCRIBE was refused");
    return handle.done();
  });
}

void CoreClient::Announce() {
  for (const std::string& topic : plan_.filters) {
    auto [promise, handle] = client::MakePending<Delivery>(*attention_);
    core_.Publish(
        {codec::MessageRef::Make({.topic = topic, .qos = Qos::kAtLeastOnce}), std::move(promise)});
    handles_.push_back(std::move(handle));
  }
}

CoreClient::~CoreClient() {
  core_.BeginBatch();
  core_.Shutdown();
  handles_.clear();
  subscribed_.clear();
  attention_->Unref();
}

void CoreClient::Connect() {
  stream_ = cluster_.network.Connect();
  if (!stream_.has_value()) return;
  output_.clear();
  sent_bytes_ = 0;
  input_.Reset();
  world_.Note(fmt::format("core{} connects", number_));
  (void)core_.OnTransportUp(*this, "", "", world_.now);
}

void CoreClient::Lose() {
  world_.Note(fmt::format("core{} loses its connection", number_));
  stream_.reset();
  const client::Core::Ending ending = core_.OnTransportDown(Error(Errc::kConnectionLost));
  const bool is_fair = ending.cause.code() == Errc::kConnectionLost ||
                       ending.cause.code() == Errc::kServerDisconnected ||
                       ending.cause.code() == Errc::kKeepAliveTimedOut;
  // Whatever we sent was what the broker had said it takes.
  if (ending.cause.reason() == ReasonCode::kPacketTooLarge) world_.Fail("a packet was too large");
  if (!is_fair) world_.Fail("the client blames the broker: " + Describe(ending.cause));
  next_action_ = world_.now + world_.UpTo(20 * kMillisecond);
}

void CoreClient::Read() {
  const size_t most = world_.Chance(200) ? 1 + world_.random.Below(10) : kReadBytesMax;
  received_ = cluster_.network.Receive(*stream_, most);
  input_.Give(received_);
  while (true) {
    const client::Input::Packet packet = input_.Next();
    if (packet.status == client::Input::Status::kNeedMore) return;
    if (packet.status == client::Input::Status::kBad) {
      core_.OnBadFrame(packet.parse, world_.now);
      return;
    }
    core_.OnFrame({.head = packet.parse.head, .body = packet.body, .block = packet.block},
                  world_.now);
    if (core_.wants_close()) return;
  }
}

void CoreClient::Write() {
  const size_t sent = cluster_.network.Send(*stream_, output_);
  output_.erase(output_.begin(), output_.begin() + static_cast<ptrdiff_t>(sent));
  sent_bytes_ += sent;
  core_.OnWritten(sent_bytes_);
}

void CoreClient::Publish() {
  const auto qos = static_cast<Qos>(world_.random.Below(3));
  const uint64_t number = published_[qos]++;
  const std::string text =
      fmt::format("{} {} {} {}", number_, static_cast<int>(qos), number,
                  std::string(world_.random.Below(world_.Chance(20) ? 9000 : 40), 'x'));
  const std::string topic = fmt::format("t/{}/{}", number_, world_.random.Below(5));
  auto [promise, handle] = client::MakePending<Delivery>(*attention_);
  core_.Publish(
      {codec::MessageRef::Make({.topic = topic, .payload = client::AsBytes(text), .qos = qos}),
       std::move(promise)});
  oracle_.OnPublished(number_, qos, number);
  handles_.push_back(std::move(handle));
}

void CoreClient::Look(Event& event) {
  if (event.get<SessionLost>() != nullptr && !plan_.is_forgotten) {
    world_.Fail("the broker has forgotten a session");
  }
  const Message* const message = event.get<Message>();
  if (message == nullptr) return;
  if (plan_.is_forgotten) {
    heard_.insert(std::string(message->topic()));
    return;
  }
  int publisher = 0;
  int qos = 0;
  unsigned long long number = 0;
  const std::string text(message->payload());
  if (std::sscanf(text.c_str(), "%d %d %llu", &publisher, &qos, &number) != 3) {
    world_.Fail("a payload that nobody published");
  }
  if (!message->topic().starts_with(fmt::format("t/{}/", publisher))) {
    world_.Fail("a message with another's topic");
  }
  oracle_.OnReceived(number_, publisher, static_cast<Qos>(qos), number);
}

void CoreClient::Act() {
  next_action_ = world_.now + kMillisecond;
  if (!stream_.has_value()) Connect();
  if (stream_.has_value()) Read();
  for (Event& event : core_.events()) Look(event);
  // The user is not always quick: sometimes the connection breaks before the batch is done.
  const bool breaks = lively_ && stream_.has_value() && world_.Chance(3);
  if (breaks) {
    cluster_.network.ResetClient(*stream_);
    Lose();
  }
  core_.BeginBatch();
  while (lively_ && !plan_.is_forgotten && handles_.size() < kHandlesMax && world_.Chance(300))
    Publish();
  std::erase_if(handles_, [&](const PublishHandle& handle) {
    if (!handle.done()) return false;
    const Outcome outcome = handle.Poll()->outcome;
    // Only what QoS 0 may lose is lost.
    if (!handle.Poll()->ok() && outcome != Outcome::kNeverSent) {
      world_.Fail(fmt::format("a publish ended as {}", NameOf(outcome)));
    }
    return true;
  });
  if (core_.next_deadline() <= world_.now) core_.OnTimer(world_.now);
  core_.Flush(world_.now);
  core_.Audit();
  if (!stream_.has_value()) return;
  Write();
  const bool ended = cluster_.network.Ended(*stream_) || cluster_.network.WasReset(*stream_);
  if (ended || core_.wants_close()) {
    if (!ended) cluster_.network.CloseClient(*stream_);
    Lose();
  }
}

bool CoreClient::Settled() const {
  return stream_.has_value() && core_.is_up() && core_.idle() && handles_.empty() &&
         output_.empty() && !cluster_.network.CanReceive(*stream_);
}

}  // namespace ringmq::sim
