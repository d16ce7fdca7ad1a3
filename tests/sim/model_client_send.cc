// What a ModelClient writes.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "sim/model_client.h"

namespace ringmq::sim {

template <typename Packet>
void ModelClient::Write(Link& link, const Packet& packet) {
  std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, temper_.version));
  codec::Encode(packet, temper_.version, bytes);
  link.output.insert(link.output.end(), bytes.begin(), bytes.end());
}

template void ModelClient::Write(Link&, const codec::Connect&);
template void ModelClient::Write(Link&, const codec::Disconnect&);
template void ModelClient::Write(Link&, const codec::TypedAck&);

void ModelClient::Flush(Link& link) {
  if (link.output.empty()) return;
  size_t count = link.output.size();
  if (!settling_ && world_.random.Chance(1, 8)) count = 1 + world_.random.Below(count);
  const std::vector<uint8_t> bytes(link.output.begin(),
                                   link.output.begin() + static_cast<ptrdiff_t>(count));
  const size_t sent = cluster_.network.Send(link.stream, bytes);
  link.output.erase(link.output.begin(), link.output.begin() + static_cast<ptrdiff_t>(sent));
}

void ModelClient::SendAcks(Link& link, size_t count) {
  for (; count > 0; --count) {
    const auto [type, id] = link.acks.front();
    link.acks.pop_front();
    if (type != PacketType::kPubrec) link.window.erase(id);
    Write(link, codec::TypedAck{type, {.packet_id = id}});
  }
}

uint16_t ModelClient::NextPacketId() {
  const Link& link = *Current();
  while (outgoing_.count(next_packet_id_) > 0 || link.subscribes.count(next_packet_id_) > 0 ||
         link.unsubscribes.count(next_packet_id_) > 0 || next_packet_id_ == 0) {
    ++next_packet_id_;
  }
  return next_packet_id_++;
}

std::string ModelClient::RandomTopic() {
  const uint64_t number = world_.random.Below(4);
  switch (world_.random.Below(5)) {
    case 0:
      return fmt::format("a/{}", number);
    case 1:
      return fmt::format("b/{}", number);
    case 2:
      return fmt::format("s/x/{}", number);
    case 3:
      return fmt::format("d/{}/{}/e", number, world_.random.Below(2));
    default:
      return "a/0";
  }
}

std::string ModelClient::RandomFilter() {
  switch (world_.random.Below(10)) {
    case 0:
      return "a/+";
    case 1:
      return "b/#";
    case 2:
      return "+/1";
    case 3:
      return "d/+/1/#";
    case 4:
      return "$share/g/s/x/+";
    case 5:
      return "$share/h/s/#";
    case 6:
      return "w/+";
    case 7:
      return "r/#";
    default:
      break;
  }
  std::string topic = RandomTopic();
  // Shared topics are for shared subscriptions, so that the oracle can count.
  return topic.starts_with("s/") ? "$share/g/" + topic : topic;
}

void ModelClient::Subscribe(Link& link) {
  if (!link.connected || link.subscribes.size() > 4) return;
  std::set<std::string> chosen;
  for (uint64_t i = world_.random.Below(3) + 1; i > 0; --i) chosen.insert(RandomFilter());
  std::vector<uint8_t> filters;
  const uint16_t id = NextPacketId();
  std::vector<Asked>& waiting = link.subscribes[id];
  for (const std::string& filter : chosen) {
    codec::SubscriptionOptions options;
    // Shared ones at QoS 1 at least, or what a member is given may be lost with it.
    options.qos =
        static_cast<Qos>(IsShared(filter) ? 1 + world_.random.Below(2) : world_.random.Below(3));
    options.no_local = IsV5() && !IsShared(filter) && world_.random.Chance(1, 4);
    options.retain_handling =
        IsV5() ? static_cast<RetainHandling>(world_.random.Below(3)) : RetainHandling::kSend;
    codec::AppendSubscription(filter, options, temper_.version, filters);
    const size_t subscription =
        oracle_.OnSubscribeSent(*link.session, filter, options.qos, options.no_local);
    Note(fmt::format("subscribes to '{}', QoS {}, no local {}", filter,
                     static_cast<int>(options.qos), options.no_local));
    waiting.push_back({filter, subscription});
    filters_.insert(filter);
  }
  codec::Subscribe subscribe{.packet_id = id};
  subscribe.filters = filters;
  subscribe.filter_count = static_cast<uint32_t>(chosen.size());
  Write(link, subscribe);
}

void ModelClient::Unsubscribe(Link& link) {
  if (!link.connected || filters_.empty()) return;
  const auto it =
      std::next(filters_.begin(), static_cast<ptrdiff_t>(world_.random.Below(filters_.size())));
  // Not while its SUBSCRIBE is open: the two answers could not be told apart in time.
  for (const auto& [id, waiting] : link.subscribes) {
    if (std::ranges::count(waiting, *it, &Asked::filter) > 0) return;
  }
  const std::string filter = *it;
  filters_.erase(it);
  const uint16_t id = NextPacketId();
  link.unsubscribes[id] = {.filter = filter,
                           .asked_before = oracle_.OnUnsubscribeSent(*link.session, filter)};
  Note(fmt::format("unsubscribes from '{}'", filter));
  std::vector<uint8_t> filters;
  codec::AppendFilter(filter, filters);
  codec::Unsubscribe unsubscribe{.packet_id = id};
  unsubscribe.filters = filters;
  unsubscribe.filter_count = 1;
  Write(link, unsubscribe);
}

void ModelClient::Publish(Link& link) {
  Outgoing outgoing;
  outgoing.qos = static_cast<Qos>(world_.random.Below(3));
  if (!link.connected) outgoing.qos = Qos::kAtMostOnce;  // The session is not known yet.
  const size_t window = std::min<size_t>(temper_.in_flight_max, server_receive_maximum_);
  if (outgoing_.size() >= window) outgoing.qos = Qos::kAtMostOnce;
  outgoing.topic = RandomTopic();
  if (outgoing.qos != Qos::kAtMostOnce && world_.random.Chance(1, 8)) {
    // Each retained topic has one publisher and one QoS, or nobody could say which was the last.
    outgoing.topic = fmt::format("r/{}/{}", client_id_, static_cast<int>(outgoing.qos));
    outgoing.retain = true;
    outgoing.clears = world_.random.Chance(1, 5);
  }
  if (outgoing.clears) {
    oracle_.OnCleared(outgoing.topic);
  } else {
    outgoing.number = oracle_.NewMessage(client_id_, outgoing.topic, outgoing.qos, outgoing.retain);
  }
  uint16_t id = 0;
  if (outgoing.qos != Qos::kAtMostOnce) {
    id = NextPacketId();
    outgoing_order_.push_back(id);
    outgoing_[id] = outgoing;
  }
  SendPublish(link, id, outgoing, false);
}

void ModelClient::SendPublish(Link& link, uint16_t id, const Outgoing& outgoing, bool dup) {
  codec::Publish publish{.topic = outgoing.topic,
                         .qos = outgoing.qos,
                         .dup = dup,
                         .retain = outgoing.retain,
                         .packet_id = id};
  std::string payload;
  if (!outgoing.clears) {
    payload = oracle_.PayloadOf(outgoing.number);
    oracle_.OnSent(outgoing.number);
  }
  publish.payload = {static_cast<const uint8_t*>(static_cast<const void*>(payload.data())),
                     payload.size()};
  Note(fmt::format("publishes {} on '{}', QoS {}, id {}{}{}",
                   outgoing.clears ? std::string("nothing") : std::to_string(outgoing.number),
                   outgoing.topic, static_cast<int>(outgoing.qos), id, dup ? ", dup" : "",
                   outgoing.retain ? ", retain" : ""));
  Write(link, publish);
}

void ModelClient::Ping(Link& link) {
  ++link.pings_open;
  link.output.insert(link.output.end(), std::begin(codec::kPingreqFrame),
                     std::end(codec::kPingreqFrame));
}

}  // namespace ringmq::sim
