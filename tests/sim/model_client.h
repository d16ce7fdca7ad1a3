// A client that behaves like one in the field: well, mostly, but not always promptly, and seldom
// politely. It obeys the standard to the letter, since it is the broker that is on trial.
//
// One ModelClient owns one client identifier for the whole run, and what an MQTT client keeps of
// a session between connections. It may open a second connection while the first is still there.
// Tells the oracle everything it sends and receives.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/framer.h"
#include "sim/cluster.h"
#include "sim/oracle.h"

namespace ringmq::sim {

// How one client behaves; drawn once for each.
struct Temper {
  ProtocolVersion version = ProtocolVersion::kV311;
  bool persistent = true;    // Wants its session kept, mostly.
  uint32_t ack_late = 0;     // In 1000: acknowledges later, in order.
  uint32_t drop = 0;         // In 1000 of actions: drops the connection.
  uint32_t clean_start = 0;  // In 1000 of connects.
  uint32_t slow_reader = 0;  // In 1000: does not read this time.
  uint32_t subscribe = 50;
  uint32_t publish = 300;
  uint32_t take_over = 0;
  bool strict_goodbye = true;  // The broker has no reason to close before a goodbye.
  uint16_t receive_maximum = 65535;
  uint16_t in_flight_max = 4;  // Of its own, to the broker.
  uint16_t topic_alias_maximum = 0;
  bool has_will = false;
  Duration pause_max = 20 * kMillisecond;

  [[nodiscard]] static Temper Draw(base::Random& random);
};

class ModelClient final : public Actor {
 public:
  ModelClient(World& world, Cluster& cluster, Oracle& oracle, std::string client_id,
              const Temper& temper);

  [[nodiscard]] Instant NextAction() const override { return next_action_; }
  void Act() override;

  // From now on: stay connected, acknowledge everything at once, start nothing new.
  void BeginSettling();
  // Connected, nothing owed to the broker, nothing to read.
  [[nodiscard]] bool Settled() const;
  // Says goodbye and waits for the broker to close.
  void BeginLeaving();
  [[nodiscard]] bool Gone() const { return leaving_ && links_.empty(); }

 private:
  struct Asked {
    std::string filter;
    size_t subscription = 0;  // The oracle's number of it.
  };
  struct Dropped {
    std::string filter;
    size_t asked_before = 0;  // What the oracle said when it was sent.
  };
  // One connection. Only the last in links_ can be the present one; the others were given up.
  struct Link {
    StreamId stream = 0;
    std::vector<uint8_t> input;
    std::deque<uint8_t> output;
    bool connected = false;  // CONNACK came.
    bool given_up = false;   // A newer connection was opened.
    bool said_goodbye = false;
    bool clean_start = true;
    std::optional<SessionNumber> session;
    std::optional<MessageNumber> will;
    std::map<uint16_t, std::string> aliases;           // From the broker.
    std::deque<std::pair<PacketType, uint16_t>> acks;  // Not sent yet.
    std::map<uint16_t, std::vector<Asked>> subscribes;
    std::map<uint16_t, Dropped> unsubscribes;
    std::set<uint16_t> window;  // From the broker, not acknowledged on this connection.
    uint64_t pings_open = 0;
  };
  // What the standard makes a client remember.
  struct Outgoing {
    MessageNumber number = UINT64_MAX;
    bool clears = false;
    std::string topic;
    Qos qos = Qos::kAtLeastOnce;
    bool retain = false;
    bool released = false;  // PUBREC came; PUBREL goes.
  };

  // --- Connections.
  void Connect();
  void Drop(size_t index, bool reset);
  void SettleWill(const Link& link, bool clean);
  void Forget(size_t index);
  void SayGoodbye(Link& link);
  // --- Reading.
  void ReadAll();
  void Read(Link& link, size_t max_bytes);
  bool HandleOne(Link& link);
  void OnConnack(Link& link, codec::Bytes body);
  void OnPublish(Link& link, uint8_t flags, codec::Bytes body);
  void OnAck(Link& link, PacketType type, codec::Bytes body);
  void OnSuback(Link& link, codec::Bytes body);
  void OnUnsuback(Link& link, codec::Bytes body);
  void BeginSession(Link& link, bool present);
  void ForgetSession();
  void EndWithConnection(const Link& link);
  void Resend(Link& link);
  // --- Writing.
  template <typename Packet>
  void Write(Link& link, const Packet& packet);
  void Flush(Link& link);
  void SendPublish(Link& link, uint16_t id, const Outgoing& outgoing, bool dup);
  void SendAcks(Link& link, size_t count);
  void Subscribe(Link& link);
  void Unsubscribe(Link& link);
  void Publish(Link& link);
  void Ping(Link& link);
  void DoSomething(Link& link);
  uint16_t NextPacketId();

  [[nodiscard]] Link* Current() {
    return links_.empty() || links_.back()->given_up ? nullptr : links_.back().get();
  }
  [[nodiscard]] std::string RandomTopic();
  [[nodiscard]] std::string RandomFilter();
  [[nodiscard]] bool IsV5() const { return temper_.version == ProtocolVersion::kV5; }
  void Note(std::string_view what);

  World& world_;
  Cluster& cluster_;
  Oracle& oracle_;
  const std::string client_id_;
  const Temper temper_;
  std::vector<std::unique_ptr<Link>> links_;
  std::optional<SessionNumber> session_;
  std::map<uint16_t, Outgoing> outgoing_;
  std::deque<uint16_t> outgoing_order_;
  std::set<uint16_t> incoming_;    // QoS 2 between PUBREC and PUBREL.
  std::set<std::string> filters_;  // Asked for in this session.
  uint16_t next_packet_id_ = 1;
  uint16_t server_receive_maximum_ = 65535;
  Instant next_action_ = {};
  bool must_start_clean_ = false;  // Asked for, and not yet confirmed.
  bool settling_ = false;
  bool leaving_ = false;
};

}  // namespace ringmq::sim
