// What one run does, decided before anything connects: every connection with its role, how fast,
// how long. Constant while it runs; all threads read it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/layers.h"
#include "load/payload_template.h"
#include "measure/schedule.h"
#include "measure/stamp.h"
#include "reactor/features.h"
#include "ringmq/protocol.h"

namespace ringmq::load {

// When a connection is there, and what it does besides publishing and hearing.
enum class Duty : uint8_t {
  kStay,    // From the beginning to the end.
  kAnswer,  // ... and sends what it hears back to whoever asked.
  kChurn,   // Comes and goes by the schedule of Plan::churn.
  kWill,    // Has a will, and is cut.
  kKept,    // Hears what the broker has kept: retained messages, or the queue of its session.
};

// What happens between the first connects and the leaving; the steps are phases.
enum class Script : uint8_t {
  kTraffic,  // Load for a time.
  kRetain,   // Publishers store; then subscribers come and get it; it is removed.
  kSession,  // Subscribers leave, publishers fill their queues, subscribers return and get it.
  kStorm,    // All connect at once, stay for a time, are cut, and come back at once.
  kWill,     // Clients with wills are cut; subscribers hear of it.
};

// Where the stamp of a message is.
enum class StampPlace : uint8_t {
  kPayload,      // Over the front of its payload.
  kCorrelation,  // In its Correlation Data, and the payload is left alone. MQTT 5.
  kNowhere,      // What arrives can only be counted; requests have a number, and so their answers.
};

// What is made of the messages that arrive.
enum class Verify : uint8_t {
  kFull,    // Each is accounted for, where it has a stamp.
  kCounts,  // Looked at one by one; what is missing say the totals.
  kOff,     // Counted, and their times taken.
};

// Connections that come and go, besides whatever else there is.
struct Churn {
  double per_s = 0;        // Connects, and as many leave. Zero: nobody does.
  bool is_abrupt = false;  // Leaves by a reset instead of a DISCONNECT.
};

// Whom one subscriber hears, of those that have filters of their own.
struct Heard {
  static constexpr uint32_t kNoGroup = UINT32_MAX;

  uint32_t first = 0;  // Publishers [first, first + count).
  uint32_t count = 0;
  uint32_t group = kNoGroup;  // Of Plan::groups, if it is a member of one.
};

// A shared group, which gets each message of these publishers once.
struct Group {
  uint32_t first = 0;
  uint32_t count = 0;
};

// Connections that are alike but for their number: "{i}" in the texts, counted from zero.
// A million of them cost no more than one.
struct Role {
  std::string client_id;
  std::string topic;                   // Publishes to it; empty: does not publish.
  std::string filter;                  // Subscribes to it; empty: does not subscribe.
  std::vector<std::string> filters{};  // Instead of one: the n-th of them has the n mod so many.
  std::vector<Heard> heard{};          // Then, if anybody hears anybody: by number.
  std::string will_topic{};
  // Of those that publish, counted over the whole run: what its stamps carry. The first one's.
  uint32_t publisher = 0;
  // Which publishers each is to hear: [first, first + count). The others' messages are misrouted.
  uint32_t hears_first = 0;
  uint32_t hears_count = 0;
  // A member of a shared group sees gaps, which are no loss. With `heard`: some are members.
  bool is_shared = false;
  // The n-th of them hears one publisher only, hears_first + n.
  bool hears_one = false;
  // What it hears comes in no promised order, as what several answer or what was retained.
  bool is_unordered = false;
  // Is not there at first, but room for more clients.
  bool is_late = false;
  Duty duty = Duty::kStay;
  uint32_t count = 1;

  [[nodiscard]] bool publishes() const { return !topic.empty(); }
  [[nodiscard]] bool has_will() const { return duty == Duty::kWill; }
  [[nodiscard]] bool churns() const { return duty == Duty::kChurn; }
  [[nodiscard]] bool hears() const { return hears_count > 0 || !heard.empty(); }
  [[nodiscard]] bool subscribes() const { return !filter.empty() || !filters.empty(); }
  // Of the n-th of them.
  [[nodiscard]] const std::string& filter_template(uint32_t n) const {
    return filters.empty() ? filter : filters[n % filters.size()];
  }
  [[nodiscard]] std::string FilterOf(uint32_t n) const;
  [[nodiscard]] uint32_t first_heard(uint32_t n) const {
    return heard.empty() ? hears_first + (hears_one ? n : 0) : heard[n].first;
  }
  [[nodiscard]] uint32_t count_heard(uint32_t n) const {
    return heard.empty() ? hears_count : heard[n].count;
  }
  [[nodiscard]] bool Hears(uint32_t n, uint32_t whom) const {
    return whom >= first_heard(n) && whom - first_heard(n) < count_heard(n);
  }
  [[nodiscard]] bool is_member(uint32_t n) const {
    return is_shared && (heard.empty() || heard[n].group != Heard::kNoGroup);
  }
  [[nodiscard]] uint32_t group_of(uint32_t n) const { return heard.empty() ? 0 : heard[n].group; }
};

// `text` with every "{i}" replaced.
[[nodiscard]] std::string Fill(std::string_view text, uint32_t i);

// Where answers go when a request cannot say: its topic and this.
inline constexpr const char* kAnswerSuffix = "/answer";

// Where connections go, and through what.
struct Target {
  sockaddr_storage address{};
  socklen_t size_bytes = 0;
  MakeLayers make_layers;  // Null: MQTT over the socket.
};

struct Plan {
  std::vector<Role> roles;
  uint32_t publishers = 0;      // Of the roles.
  std::vector<Target> targets;  // The n-th connection of the run goes to the n mod so many.
  // Connections of one client address and one target are limited by ports, so those of each target
  // come from these in turns. Network byte order. None: the kernel chooses.
  std::vector<uint32_t> sources;

  ProtocolVersion version = ProtocolVersion::kV5;
  std::string username;
  std::string password;
  uint16_t keep_alive_s = 60;
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  std::vector<std::pair<std::string, std::string>> user_properties;  // Of each message; MQTT 5.
  bool aliases = false;  // Publishers name their topic once a connection, if they may; MQTT 5.
  // Each payload is from payload_bytes to payload_bytes_max long, uniformly by the seed; zero: all
  // are payload_bytes. They hold the front of `payload` behind the stamp, or "xxx".
  size_t payload_bytes = 64;
  size_t payload_bytes_max = 0;
  std::string payload;
  // Empty: payloads are as above. Else they are this, behind their stamps if these are there, and
  // above are the limits of their sizes.
  PayloadTemplate payload_template{};
  int64_t unix_minus_clock_ns = 0;  // For the times in it, which are when a message was due.
  measure::StampForm stamp = measure::StampForm::kFull;  // Also of messages that have none.
  StampPlace stamp_place = StampPlace::kPayload;
  Verify verify = Verify::kFull;
  uint32_t run = 1;

  // Zero: a closed loop, in which each publisher sends as soon as its window allows.
  double rate_per_s = 0;
  // Instead of one rate, from the beginning of the warm-up on; rate_per_s is then that of the
  // measured phase on average. Empty: rate_per_s all the time.
  measure::RateProfile profile;
  // When the phases of it end, in seconds since the measured phase began; each has figures of its
  // own, which take up to a megabyte a phase and thread. Empty: nobody asks.
  std::vector<double> phase_ends_s;
  measure::Arrival arrival = measure::Arrival::kConstant;
  uint32_t burst = 1;
  uint64_t seed = 1;
  // A send lag (of connects: connect lag) that the verdict forgives, in 999 of 1000. Zero: as much
  // as verdict.h says.
  int64_t lag_allowed_ns = 0;
  // Unacknowledged messages of one publisher; at QoS 0 in a closed loop: those of the whole run
  // that are on their way (needs subscribers that count them).
  uint32_t in_flight = 20;
  // Deliveries that one message leads to, if each publisher has the same audience.
  uint32_t deliveries_each = 1;
  // Instead: by publisher, and all together. With them: the shared groups.
  std::vector<uint32_t> deliveries;
  uint64_t deliveries_sum = 0;
  std::vector<Group> groups;
  // Messages of the whole run, warm-up included; zero: as many as there is time for.
  uint64_t messages_max = 0;
  // Publishers are requesters: they say where they want the answer, and in a closed loop have
  // `in_flight` requests that are not answered.
  bool asks = false;
  // Who loses the connection connects again; only with kTraffic.
  bool reconnects = false;
  // Sessions outlive their connections, for session_expiry_s; only with kTraffic.
  bool keeps_sessions = false;
  double connects_per_s = 5000;
  double connect_timeout_s = 30;   // For each step of a connect.
  bool is_ramp_asked_for = false;  // That rate is a schedule that has to be met.
  bool is_about_connects = false;  // There is nothing else.
  Churn churn;
  Script script = Script::kTraffic;
  // kRetain: what is stored stays. kSession, keeps_sessions: so do the sessions.
  bool keeps = false;
  uint32_t session_expiry_s = 0;       // kSession and keeps_sessions, MQTT 5.
  std::optional<Qos> subscribe_qos{};  // Nothing: as published.
  double cuts_per_s = 0;               // kWill.
  uint32_t will_delay_s = 0;

  uint32_t threads = 1;
  std::vector<int> cpus;  // The n-th thread stays on the core n mod so many; none: anywhere.
  reactor::IoBackend io = reactor::IoBackend::kAuto;

  // Nobody of the run publishes: subscribers take what others do.
  [[nodiscard]] bool hears_others() const { return publishers == 0 && script == Script::kTraffic; }
  // What is missing, or came twice, is known message by message.
  [[nodiscard]] bool watches_flows() const {
    return verify == Verify::kFull && (stamp_place != StampPlace::kNowhere || asks);
  }
  // Of the front of each payload, that a stamp is written over.
  [[nodiscard]] size_t StampedBytes() const {
    return stamp_place == StampPlace::kPayload ? measure::StampBytes(stamp) : 0;
  }
  // Of the Correlation Data of each message; zero: it has none.
  [[nodiscard]] size_t CorrelationBytes() const {
    if (version != ProtocolVersion::kV5) return 0;
    if (stamp_place == StampPlace::kCorrelation) return measure::StampBytes(stamp);
    return asks ? sizeof(uint64_t) : 0;  // The number of the request.
  }
  // Of all roles.
  [[nodiscard]] uint64_t connections() const;
  // Of those that are there at first.
  [[nodiscard]] uint64_t early_connections() const;
  // Of the threads that have connections which follow a schedule, as `follows` says: how many they
  // are, and which of them is `part`. Requires: it has some.
  struct Share {
    uint32_t part = 0;
    uint32_t parts = 1;
  };
  [[nodiscard]] Share ShareOf(uint32_t part, bool (Role::*follows)() const) const;
  // How many of one publisher's messages have their times kept until they arrive: twice those that
  // may be on their way, a power of two. Bounded in all, so that a million publishers cost little.
  [[nodiscard]] size_t SentTimesEach() const;
  // A payload of that length, with nothing written over its front yet.
  [[nodiscard]] std::vector<uint8_t> MakePayload(size_t size_bytes) const;
  [[nodiscard]] size_t LongestPayloadBytes() const {
    return payload_bytes_max > payload_bytes ? payload_bytes_max : payload_bytes;
  }
  // What follows the stamp in the longest payload; the rest of each is a front of it.
  [[nodiscard]] measure::KnownRest MakeKnownRest() const;
  // Deliveries that each message of one publisher leads to.
  [[nodiscard]] uint64_t DeliveriesOf(uint32_t publisher) const;
  // The same, as whoever made the plan says.
  [[nodiscard]] uint32_t deliveries_of(uint32_t publisher) const {
    return deliveries.empty() ? deliveries_each : deliveries[publisher];
  }
  [[nodiscard]] bool has_one_audience() const { return deliveries.empty(); }
  // One that all publishers have, unless there are others.
  [[nodiscard]] size_t group_count() const { return groups.empty() ? 1 : groups.size(); }
};

}  // namespace ringmq::load
