// A client that does exactly what a scenario says, step by step, in virtual time.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/encode.h"
#include "sim/cluster.h"

namespace ringmq::sim {

// A packet from the broker, as far as scenarios look at it.
struct Heard {
  PacketType type{};
  ReasonCode reason{};
  bool session_present = false;
  std::string topic;
  std::string payload;
  Qos qos = Qos::kAtMostOnce;
  bool dup = false;
  bool retain = false;
  uint16_t packet_id = 0;
};

class ScriptedClient {
 public:
  // Connects to the first listener of `core`, or to another one's place: with `cores()` added to it
  // the second, and so on. Sends nothing yet.
  ScriptedClient(Cluster& cluster, broker::CoreId core, std::string client_id,
                 ProtocolVersion version = ProtocolVersion::kV5);

  // --- Says something; what does not fit the socket waits for the next Await().
  void SendConnect(bool clean_start = true, uint32_t session_expiry_s = 0,
                   std::optional<codec::Will> will = std::nullopt);
  void SendSubscribe(std::string_view filter, Qos qos);
  void SendUnsubscribe(std::string_view filter);
  void SendPublish(std::string_view topic, std::string_view payload, Qos qos = Qos::kAtMostOnce,
                   bool retain = false);
  void SendAck(PacketType type, uint16_t packet_id);
  void SendPing();
  void Reset() { cluster_.network.ResetClient(stream_); }

  // --- Runs the broker until the next packet is there. Nothing within `time_max`: no value.
  std::optional<Heard> Await(Duration time_max = 20 * kSecond);
  // The next packet must be of this type.
  Heard Expect(PacketType type);
  // Connects and waits for CONNACK, subscribes and waits for SUBACK.
  void Connected(bool clean_start = true, uint32_t session_expiry_s = 0);
  void Subscribed(std::string_view filter, Qos qos);
  // Runs until the broker has closed the connection; packets that come are thrown away.
  [[nodiscard]] bool AwaitEnd();

  [[nodiscard]] const std::string& client_id() const { return client_id_; }

 private:
  template <typename Packet>
  void Append(const Packet& packet);
  void Pump();
  [[nodiscard]] std::optional<Heard> Take();

  Cluster& cluster_;
  const std::string client_id_;
  const ProtocolVersion version_;
  StreamId stream_;
  std::vector<uint8_t> output_;
  std::vector<uint8_t> input_;
  uint16_t next_packet_id_ = 1;
};

// The n-th client identifier of a series whose home is `core`.
[[nodiscard]] std::string ClientIdAt(const Cluster& cluster, broker::CoreId core, int n = 0);

}  // namespace ringmq::sim
