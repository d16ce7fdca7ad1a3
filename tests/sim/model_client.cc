// SPDX-License-Identifier: Apache-2.0
#include "sim/model_client.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace ringmq::sim {
namespace {

constexpr Duration kSettlingPause = kMillisecond;
constexpr size_t kReadBytesMax = 3000;
// Whoever has so much unsent waits, as a client on a full socket does. Unbounded, it would settle
// in hours: one small socket buffer a millisecond.
constexpr size_t kUnsentBytesMax = 20'000;

codec::Bytes AsBytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

}  // namespace

Temper Temper::Draw(base::Random& random) {
  const auto sometimes = [&random](uint32_t most) {
    return random.Chance(1, 2) ? static_cast<uint32_t>(random.Below(most)) : 0;
  };
  Temper temper;
  temper.version = random.Chance(1, 2)   ? ProtocolVersion::kV5
                   : random.Chance(4, 5) ? ProtocolVersion::kV311
                                         : ProtocolVersion::kV31;
  temper.persistent = random.Chance(3, 4);
  temper.ack_late = sometimes(900);
  temper.drop = sometimes(40);
  temper.clean_start = sometimes(300);
  temper.slow_reader = sometimes(900);
  temper.subscribe = static_cast<uint32_t>(random.Below(150));
  temper.publish = static_cast<uint32_t>(random.Below(700));
  temper.take_over = sometimes(20);
  temper.receive_maximum = random.Chance(1, 2) ? static_cast<uint16_t>(1 + random.Below(5)) : 65535;
  temper.topic_alias_maximum = random.Chance(1, 2) ? static_cast<uint16_t>(random.Below(4)) : 0;
  temper.has_will = random.Chance(1, 2);
  temper.pause_max = Duration{static_cast<int64_t>(random.Below(60'000'000)) + 10'000};
  return temper;
}

ModelClient::ModelClient(World& world, Cluster& cluster, Oracle& oracle, std::string client_id,
                         const Temper& temper)
    : world_(world),
      cluster_(cluster),
      oracle_(oracle),
      client_id_(std::move(client_id)),
      temper_(temper),
      next_action_(world.now) {}

void ModelClient::Note(std::string_view what) {
  world_.Note(fmt::format("{}: {}", client_id_, what));
}

void ModelClient::Act() {
  next_action_ = world_.now + (settling_ ? kSettlingPause : world_.UpTo(temper_.pause_max));
  ReadAll();
  for (size_t i = links_.size(); i-- > 0;) {
    if (cluster_.network.Ended(links_[i]->stream)) Forget(i);
  }
  if (Current() == nullptr) {
    if (leaving_) {
      if (links_.empty()) next_action_ = world_.now + 3600 * kSecond;
      return;
    }
    Connect();
  }
  Link& link = *Current();
  if (link.connected && !link.said_goodbye) {
    const bool late = !settling_ && world_.Chance(temper_.ack_late);
    SendAcks(link, late ? world_.random.Below(link.acks.size() + 1) : link.acks.size());
    if (leaving_) {
      SayGoodbye(link);
    } else if (!settling_) {
      DoSomething(link);
    }
  }
  for (const auto& one : links_) Flush(*one);
}

void ModelClient::DoSomething(Link& link) {
  if (world_.Chance(temper_.drop)) {
    if (world_.random.Chance(1, 3)) return SayGoodbye(link);
    return Drop(links_.size() - 1, world_.random.Chance(1, 2));
  }
  if (links_.size() < 3 && world_.Chance(temper_.take_over)) {
    Note("connects a second time");
    Connect();
    return;
  }
  if (world_.Chance(temper_.subscribe)) {
    world_.random.Chance(2, 3) ? Subscribe(link) : Unsubscribe(link);
  }
  if (world_.Chance(temper_.publish) && link.output.size() < kUnsentBytesMax) {
    const uint64_t burst = world_.random.Chance(1, 10) ? 10 : 1 + world_.random.Below(2);
    for (uint64_t i = 0; i < burst; ++i) Publish(link);
  }
  if (world_.Chance(10)) Ping(link);
}

void ModelClient::BeginSettling() {
  settling_ = true;
  next_action_ = world_.now;
}

bool ModelClient::Settled() const {
  if (links_.size() != 1) return false;
  const Link& link = *links_.back();
  return link.connected && !link.said_goodbye && outgoing_.empty() && incoming_.empty() &&
         link.acks.empty() && link.output.empty() && link.input.empty() &&
         link.subscribes.empty() && link.unsubscribes.empty() && link.pings_open == 0 &&
         !cluster_.network.CanReceive(link.stream);
}

void ModelClient::BeginLeaving() {
  leaving_ = true;
  next_action_ = world_.now;
}

// --- Connections.

void ModelClient::Connect() {
  const std::optional<StreamId> stream = cluster_.network.Connect();
  RMQ_CHECK(stream.has_value());
  if (Link* const old = Current()) {
    EndWithConnection(*old);
    old->given_up = true;
  }
  auto link = std::make_unique<Link>();
  link->stream = *stream;
  link->clean_start = must_start_clean_ || (!settling_ && world_.Chance(temper_.clean_start));
  codec::Connect connect{.version = temper_.version, .clean_start = link->clean_start};
  connect.client_id = client_id_;
  connect.receive_maximum = temper_.receive_maximum;
  connect.topic_alias_maximum = temper_.topic_alias_maximum;
  if (IsV5()) {
    connect.session_expiry_s = temper_.persistent || settling_ ? 100'000
                               : world_.random.Chance(1, 2)    ? 0
                                                               : 2;
  } else if (!temper_.persistent && !settling_) {
    connect.clean_start = link->clean_start = true;
  }
  std::string will_topic;
  std::string will_payload;
  if (temper_.has_will && !settling_) {
    will_topic = "w/" + client_id_;
    connect.has_will = true;
    connect.will.qos = static_cast<Qos>(world_.random.Below(3));
    link->will = oracle_.NewMessage("will:" + client_id_, will_topic, connect.will.qos, false);
    oracle_.SetFate(*link->will, WillFate::kMay);
    oracle_.OnSent(*link->will);
    will_payload = oracle_.PayloadOf(*link->will);
    connect.will.topic = will_topic;
    connect.will.payload = AsBytes(will_payload);
  }
  Note(fmt::format("connects on stream {}, clean start {}", *stream, link->clean_start));
  if (link->clean_start) ForgetSession();
  must_start_clean_ = link->clean_start;
  Write(*link, connect);
  links_.push_back(std::move(link));
  // Packets right behind CONNECT are legal. [MQTT-3.1.2-2]
  if (!settling_ && world_.random.Chance(1, 4)) Publish(*links_.back());
}

void ModelClient::ForgetSession() {
  if (session_.has_value()) oracle_.OnSessionOver(*session_);
  session_.reset();
  outgoing_.clear();
  outgoing_order_.clear();
  incoming_.clear();
  filters_.clear();
}

// Before 5.0 a clean session ends with its connection and is never used again. 3.1.1 [MQTT-3.1.2-6]
void ModelClient::EndWithConnection(const Link& link) {
  if (!IsV5() && link.clean_start) ForgetSession();
  // Whether a session that may expire was still there is in the CONNACK that was never read. The
  // next one could not tell an old session from one that this connection began: no QoS 2 then.
  if (IsV5() && !link.connected && !temper_.persistent) must_start_clean_ = true;
}

void ModelClient::SayGoodbye(Link& link) {
  Note("says goodbye");
  if (link.will.has_value()) oracle_.SetFate(*link.will, WillFate::kMay);
  Write(link, codec::Disconnect{});
  link.said_goodbye = true;
}

void ModelClient::SettleWill(const Link& link, bool clean) {
  if (!link.will.has_value() || !link.connected) return;
  if (!link.said_goodbye) {
    oracle_.SetFate(*link.will, WillFate::kMust);  // [MQTT-3.1.2-8]
  } else if (clean && temper_.strict_goodbye) {
    oracle_.SetFate(*link.will, WillFate::kMustNot);  // [MQTT-3.14.4-3]
  }
}

void ModelClient::Drop(size_t index, bool reset) {
  Link& link = *links_[index];
  Note(fmt::format("drops stream {}{}", link.stream, reset ? " with a reset" : ""));
  if (reset) {
    cluster_.network.ResetClient(link.stream);
  } else {
    cluster_.network.CloseClient(link.stream);
  }
  SettleWill(link, false);
  if (&link == Current()) EndWithConnection(link);
  links_.erase(links_.begin() + static_cast<ptrdiff_t>(index));
}

// The broker closed it, or the network broke it.
void ModelClient::Forget(size_t index) {
  Link& link = *links_[index];
  const bool reset = cluster_.network.WasReset(link.stream);
  Note(fmt::format("stream {} is closed{}", link.stream, reset ? " by a reset" : ""));
  SettleWill(link, !reset && link.output.empty());
  cluster_.network.CloseClient(link.stream);
  if (&link == Current()) EndWithConnection(link);
  links_.erase(links_.begin() + static_cast<ptrdiff_t>(index));
}

void ModelClient::BeginSession(Link& link, bool present) {
  if (present && link.clean_start) world_.Fail("a session outlived a clean start");
  if (!present) ForgetSession();
  if (!session_.has_value()) session_ = oracle_.NewSession(client_id_);
  link.session = session_;
  if (present) Resend(link);
}

// [MQTT-4.4.0-1]
void ModelClient::Resend(Link& link) {
  for (const uint16_t id : outgoing_order_) {
    const Outgoing& outgoing = outgoing_.at(id);
    if (outgoing.released) {
      Write(link, codec::TypedAck{PacketType::kPubrel, {.packet_id = id}});
    } else {
      SendPublish(link, id, outgoing, true);
    }
  }
}

// --- Reading.

void ModelClient::ReadAll() {
  for (size_t i = 0; i < links_.size(); ++i) {
    Link& link = *links_[i];
    if (!settling_ && world_.Chance(temper_.slow_reader)) continue;
    Read(link, settling_ ? SIZE_MAX : 1 + world_.random.Below(kReadBytesMax));
  }
}

void ModelClient::Read(Link& link, size_t max_bytes) {
  const std::vector<uint8_t> bytes = cluster_.network.Receive(link.stream, max_bytes);
  link.input.insert(link.input.end(), bytes.begin(), bytes.end());
  while (HandleOne(link)) {
  }
}

bool ModelClient::HandleOne(Link& link) {
  const codec::FrameParse frame =
      codec::ParseFrame(link.input, codec::kPacketSizeBytesMax, temper_.version);
  if (frame.status == codec::FrameStatus::kNeedMore) return false;
  if (frame.status != codec::FrameStatus::kFrame) world_.Fail("the broker sent a broken frame");
  const size_t size_bytes = frame.head.size_bytes();
  const std::vector<uint8_t> packet(link.input.begin(),
                                    link.input.begin() + static_cast<ptrdiff_t>(size_bytes));
  link.input.erase(link.input.begin(), link.input.begin() + static_cast<ptrdiff_t>(size_bytes));
  // What a connection says that was taken over is as lost as if the network had eaten it.
  if (&link != Current()) return true;
  const codec::Bytes body = codec::Bytes(packet).subspan(frame.head.header_size_bytes);
  const PacketType type = frame.head.type;
  if (type == PacketType::kConnack) {
    OnConnack(link, body);
  } else if (!link.connected) {
    world_.Fail("the broker said something before CONNACK");
  } else if (type == PacketType::kPublish) {
    OnPublish(link, frame.head.flags, body);
  } else if (type == PacketType::kSuback) {
    OnSuback(link, body);
  } else if (type == PacketType::kUnsuback) {
    OnUnsuback(link, body);
  } else if (type == PacketType::kPingresp) {
    if (link.pings_open-- == 0) world_.Fail("PINGRESP without PINGREQ");
  } else if (type == PacketType::kDisconnect) {
    const auto goodbye =
        codec::DecodeDisconnect(body, temper_.version, {.sender = codec::Peer::kServer});
    if (!goodbye.ok() || !IsV5()) world_.Fail("a DISCONNECT that cannot be");
    Note(fmt::format("is disconnected: 0x{:02x}", static_cast<unsigned>(goodbye->reason)));
    if (goodbye->reason != ReasonCode::kSessionTakenOver &&
        goodbye->reason != ReasonCode::kQuotaExceeded) {
      world_.Fail("an obedient client was disconnected");
    }
  } else {
    OnAck(link, type, body);
  }
  return true;
}

void ModelClient::OnConnack(Link& link, codec::Bytes body) {
  const auto connack =
      codec::DecodeConnack(body, temper_.version, {.sender = codec::Peer::kServer});
  if (!connack.ok() || link.connected) world_.Fail("a bad CONNACK");
  if (connack->reason != ReasonCode::kSuccess) world_.Fail("a good CONNECT was refused");
  Note(fmt::format("is connected, session present {}", connack->session_present));
  link.connected = true;
  must_start_clean_ = false;
  server_receive_maximum_ = connack->receive_maximum;
  // 3.1 cannot say whether a session is there: its clients must believe it is.
  if (temper_.version == ProtocolVersion::kV31) {
    BeginSession(link, !link.clean_start);
  } else {
    BeginSession(link, connack->session_present);
  }
}

void ModelClient::OnPublish(Link& link, uint8_t flags, codec::Bytes body) {
  const auto publish =
      codec::DecodePublish(flags, body, temper_.version, {.sender = codec::Peer::kServer});
  if (!publish.ok()) world_.Fail("a bad PUBLISH");
  std::string topic(publish->topic);
  if (publish->topic_alias != 0) {
    if (publish->topic_alias > temper_.topic_alias_maximum) world_.Fail("a topic alias too high");
    std::string& alias = link.aliases[publish->topic_alias];
    if (!topic.empty()) alias = topic;
    topic = alias;
  }
  const uint16_t id = publish->packet_id;
  Note(fmt::format("receives '{}' on '{}', QoS {}, id {}{}{}",
                   std::string(publish->payload.begin(), publish->payload.end()).substr(0, 30),
                   topic, static_cast<int>(publish->qos), id, publish->dup ? ", dup" : "",
                   publish->retain ? ", retained" : ""));
  if (publish->qos != Qos::kAtMostOnce) {
    link.window.insert(id);
    if (link.window.size() > temper_.receive_maximum && IsV5()) {
      world_.Fail(fmt::format("{}: more in flight than its Receive Maximum", client_id_));
    }
  }
  if (publish->qos == Qos::kExactlyOnce) {
    link.acks.emplace_back(PacketType::kPubrec, id);
    const bool known = !incoming_.insert(id).second;
    if (known && !publish->dup) world_.Fail("a packet identifier in use was used again");
    if (known) return;
  } else if (publish->qos == Qos::kAtLeastOnce) {
    link.acks.emplace_back(PacketType::kPuback, id);
  }
  const std::string payload(publish->payload.begin(), publish->payload.end());
  oracle_.OnDelivery(
      *link.session,
      {.topic = topic, .payload = payload, .qos = publish->qos, .retain = publish->retain});
}

void ModelClient::OnAck(Link& link, PacketType type, codec::Bytes body) {
  const bool is_ack = type == PacketType::kPuback || type == PacketType::kPubrec ||
                      type == PacketType::kPubrel || type == PacketType::kPubcomp;
  if (!is_ack) world_.Fail("a packet that a broker does not send");
  const auto ack = codec::DecodeAck(type, body, temper_.version, {.sender = codec::Peer::kServer});
  if (!ack.ok()) world_.Fail("a bad acknowledgement");
  const uint16_t id = ack->packet_id;
  if (type == PacketType::kPubrel) {
    incoming_.erase(id);
    link.acks.emplace_back(PacketType::kPubcomp, id);
    return;
  }
  const auto it = outgoing_.find(id);
  if (it == outgoing_.end()) world_.Fail(fmt::format("{}: an ack for nothing", client_id_));
  Outgoing& outgoing = it->second;
  const bool refused = IsFailure(ack->reason);
  if (!refused && type != PacketType::kPubcomp && !outgoing.clears) {
    oracle_.OnAccepted(outgoing.number);
  }
  if (type == PacketType::kPubrec && !refused) {
    if (outgoing.qos != Qos::kExactlyOnce) world_.Fail("PUBREC for QoS 1");
    outgoing.released = true;
    Write(link, codec::TypedAck{PacketType::kPubrel, {.packet_id = id}});
    return;
  }
  if ((type == PacketType::kPuback) != (outgoing.qos == Qos::kAtLeastOnce)) {
    world_.Fail("an acknowledgement of the wrong kind");
  }
  outgoing_.erase(it);
  std::erase(outgoing_order_, id);
}

void ModelClient::OnSuback(Link& link, codec::Bytes body) {
  const auto ack = codec::DecodeSuback(body, temper_.version, {.sender = codec::Peer::kServer});
  if (!ack.ok()) world_.Fail("a bad SUBACK");
  const auto it = link.subscribes.find(ack->packet_id);
  if (it == link.subscribes.end()) world_.Fail("a SUBACK for nothing");
  if (ack->reasons.size() != it->second.size()) world_.Fail("a SUBACK with a wrong count");
  for (size_t i = 0; i < ack->reasons.size(); ++i) {
    if (!IsFailure(ack->reasons[i])) oracle_.OnSuback(*link.session, it->second[i].subscription);
  }
  link.subscribes.erase(it);
}

void ModelClient::OnUnsuback(Link& link, codec::Bytes body) {
  const auto ack = codec::DecodeUnsuback(body, temper_.version, {.sender = codec::Peer::kServer});
  if (!ack.ok()) world_.Fail("a bad UNSUBACK");
  const auto it = link.unsubscribes.find(ack->packet_id);
  if (it == link.unsubscribes.end()) world_.Fail("an UNSUBACK for nothing");
  oracle_.OnUnsuback(*link.session, it->second.filter, it->second.asked_before);
  link.unsubscribes.erase(it);
}

}  // namespace ringmq::sim
