// SPDX-License-Identifier: Apache-2.0
#include "session/outbound.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "base/random.h"

#include "session/script.h"

namespace ringmq::session {
namespace {

constexpr Qos kQos0 = Qos::kAtMostOnce;
constexpr Qos kQos1 = Qos::kAtLeastOnce;
constexpr Qos kQos2 = Qos::kExactlyOnce;

TEST(OutboundScript, Qos0IsSentOnceWithoutAnIdentifierAndForgotten) {  // [MQTT-4.3.1-1]
  Script client;
  EXPECT_EQ(client.Deliver("a", "1", kQos0), Delivered::kSent);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 0 a=1 q0"});  // [MQTT-2.2.1-2]
  client.Disconnect();
  EXPECT_EQ(client.Deliver("a", "2", kQos0), Delivered::kDroppedOffline);
  EXPECT_EQ(client.Resume().sent, 0u);
  EXPECT_TRUE(client.Wire().empty());
}

TEST(OutboundScript, Qos1IsUnacknowledgedUntilPuback) {
  Script client;
  // [MQTT-4.3.2-1] an unused identifier each time, [MQTT-4.3.2-2] with it and without DUP.
  EXPECT_EQ(client.Deliver("a", "1", kQos1), Delivered::kSent);
  EXPECT_EQ(client.Deliver("a", "2", kQos1), Delivered::kSent);
  EXPECT_EQ(client.Wire(), (Words{"PUBLISH 1 a=1 q1", "PUBLISH 2 a=2 q1"}));
  EXPECT_EQ(client.session().in_flight(), 2u);  // [MQTT-4.3.2-3]
  EXPECT_EQ(client.Puback(2), Verdict::kContinue);
  EXPECT_EQ(client.session().in_flight(), 1u);
  EXPECT_EQ(client.Puback(2), Verdict::kUnknownPacketId);
  EXPECT_EQ(client.Puback(1), Verdict::kContinue);
  // [MQTT-2.2.1-4]: identifiers become free; ours go on.
  EXPECT_EQ(client.Deliver("a", "3", kQos1), Delivered::kSent);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 3 a=3 q1"});
}

TEST(OutboundScript, Qos2GoesThroughItsFourSteps) {
  Script client;
  EXPECT_EQ(client.Deliver("a", "1", kQos2), Delivered::kSent);  // [MQTT-4.3.3-1]
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=1 q2"});           // [MQTT-4.3.3-2]
  EXPECT_EQ(client.Pubrec(1), Verdict::kContinue);               // [MQTT-4.3.3-3]
  EXPECT_EQ(client.Wire(), Words{"PUBREL 1"});                   // [MQTT-4.3.3-4]
  EXPECT_EQ(client.session().in_flight(), 1u);                   // [MQTT-4.3.3-5]
  EXPECT_EQ(client.Pubrec(1), Verdict::kContinue);               // Repeated: answered again.
  EXPECT_EQ(client.Wire(), Words{"PUBREL 1"});
  EXPECT_EQ(client.Pubcomp(1), Verdict::kContinue);
  EXPECT_EQ(client.session().in_flight(), 0u);
  EXPECT_EQ(client.Pubcomp(1), Verdict::kUnknownPacketId);
}

// A subscriber that vanishes after PUBREC gets the PUBREL again, and never the PUBLISH.
TEST(OutboundScript, ResumesWithPubrelAfterPubrec) {  // [MQTT-4.3.3-6] [MQTT-4.4.0-1]
  Script client;
  (void)client.Deliver("a", "1", kQos2);
  (void)client.Pubrec(1);
  (void)client.Wire();
  client.Disconnect();
  (void)client.Resume();
  EXPECT_EQ(client.Wire(), Words{"PUBREL 1"});
  EXPECT_EQ(client.Pubcomp(1), Verdict::kContinue);  // [MQTT-4.3.3-7]
}

// [MQTT-4.4.0-1] [MQTT-4.4.0-2] [MQTT-4.6.0-1] [MQTT-3.3.1-1]
TEST(OutboundScript, ResendsInTheOriginalOrderWithDupAndTheOldIdentifiersOnlyAfterReconnecting) {
  Script client;
  for (const char* payload : {"1", "2", "3", "4"}) {
    (void)client.Deliver("a", payload, *payload == '2' ? kQos2 : kQos1);
  }
  (void)client.Puback(3);
  (void)client.Wire();
  EXPECT_EQ(client.Drain().sent, 0u);
  client.Disconnect();
  EXPECT_EQ(client.Deliver("a", "5", kQos1), Delivered::kQueued);
  EXPECT_EQ(client.Resume().sent, 4u);
  EXPECT_EQ(client.Wire(), (Words{"PUBLISH 1 a=1 q1 dup", "PUBLISH 2 a=2 q2 dup",
                                  "PUBLISH 4 a=4 q1 dup", "PUBLISH 5 a=5 q1"}));
}

TEST(OutboundScript, PubrelsAreSentInTheOrderOfThePubrecs) {  // [MQTT-4.6.0-4]
  Script client;
  (void)client.Deliver("a", "1", kQos2);
  (void)client.Deliver("a", "2", kQos2);
  (void)client.Wire();
  (void)client.Pubrec(2);
  (void)client.Pubrec(1);
  EXPECT_EQ(client.Wire(), (Words{"PUBREL 2", "PUBREL 1"}));
  client.Disconnect();
  (void)client.Resume();
  EXPECT_EQ(client.Wire(), (Words{"PUBREL 2", "PUBREL 1"}));
}

TEST(OutboundScript, AFailingPubrecEndsTheDelivery) {
  Script client;
  (void)client.Deliver("a", "1", kQos2);
  EXPECT_EQ(client.Pubrec(1, ReasonCode::kNotAuthorized), Verdict::kContinue);
  EXPECT_EQ(client.session().in_flight(), 0u);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=1 q2"});
  EXPECT_EQ(client.Pubrec(9), Verdict::kUnknownPacketId);
  EXPECT_EQ(client.Wire(), Words{"PUBREL 9 reason 146"});  // 0x92
}

TEST(OutboundScript, AnAckOfTheWrongKindIsAProtocolError) {
  Script client;
  (void)client.Deliver("a", "1", kQos1);
  (void)client.Deliver("a", "2", kQos2);
  EXPECT_EQ(client.Pubrec(1), Verdict::kProtocolError);
  EXPECT_EQ(client.Pubcomp(1), Verdict::kProtocolError);
  EXPECT_EQ(client.Puback(2), Verdict::kProtocolError);
  EXPECT_EQ(client.Pubcomp(2), Verdict::kProtocolError);
}

// [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3]
TEST(OutboundScript, NeverMoreInFlightThanTheReceiveMaximum) {
  Script client;
  client.link().receive_maximum = 2;
  EXPECT_EQ(client.Deliver("a", "1", kQos1), Delivered::kSent);
  EXPECT_EQ(client.Deliver("a", "2", kQos2), Delivered::kSent);
  EXPECT_EQ(client.Deliver("a", "3", kQos1), Delivered::kQueued);
  EXPECT_EQ(client.Deliver("a", "4", kQos1), Delivered::kQueued);
  EXPECT_EQ(client.Deliver("b", "x", kQos0), Delivered::kSent);  // QoS 0 does not count.
  (void)client.Wire();
  (void)client.Pubrec(2);
  EXPECT_EQ(client.Drain().sent, 0u);  // PUBREC does not open the window.
  (void)client.Puback(7);              // A stray acknowledgement neither.
  EXPECT_EQ(client.Drain().sent, 0u);
  (void)client.Puback(1);
  EXPECT_EQ(client.Drain().sent, 1u);
  (void)client.Pubcomp(2);
  EXPECT_EQ(client.Drain().sent, 1u);
  EXPECT_EQ(client.Wire(), (Words{"PUBREL 2", "PUBLISH 3 a=3 q1", "PUBLISH 4 a=4 q1"}));
}

TEST(OutboundScript, ASmallerWindowAfterResumeKeepsTheOrder) {
  Script client;
  for (const char* payload : {"1", "2", "3"}) (void)client.Deliver("a", payload, kQos1);
  (void)client.Wire();
  client.Disconnect();
  client.link().receive_maximum = 1;
  EXPECT_EQ(client.Resume().sent, 1u);
  EXPECT_EQ(client.Deliver("a", "4", kQos1), Delivered::kQueued);
  Words all = client.Wire();
  for (codec::PacketId id = 1; id <= 4; ++id) {
    EXPECT_EQ(client.Puback(id), Verdict::kContinue);
    (void)client.Drain();
    for (const std::string& words : client.Wire()) all.push_back(words);
  }
  EXPECT_EQ(all, (Words{"PUBLISH 1 a=1 q1 dup", "PUBLISH 2 a=2 q1 dup", "PUBLISH 3 a=3 q1 dup",
                        "PUBLISH 4 a=4 q1"}));
}

TEST(OutboundScript, WhatIsTooLargeForTheNewConnectionIsCountedWhenResent) {  // [MQTT-3.1.2-25]
  Script client;
  (void)client.Deliver("a", std::string(100, 'x'), kQos1);
  (void)client.Wire();
  client.Disconnect();
  client.link().maximum_packet_size = 20;
  EXPECT_EQ(client.Resume().too_large, 1u);
  EXPECT_EQ(client.session().in_flight(), 0u);
  EXPECT_TRUE(client.Wire().empty());
}

// One message stays unanswered while all behind it complete, until identifiers run short. After a
// reconnection it must go again, or nothing ever will. [MQTT-4.4.0-1]
TEST(OutboundScript, AMessageThatHoldsUpAllIdentifiersIsResent) {
  Script client;
  (void)client.Deliver("a", "first", kQos2);
  // Past the script, which would audit all slots each time.
  codec::PublicationScratch scratch;
  codec::MessageContent content;
  content.topic = "a";
  content.qos = kQos1;
  codec::Publication next(content, client.now, scratch);
  codec::PacketId id = 2;
  while (client.session().Deliver(next, {.qos = kQos1}, client.now, &client.link()) ==
         Delivered::kSent) {
    ASSERT_EQ(client.session().OnPuback(id++, ReasonCode::kSuccess, client.now, client.link()),
              Verdict::kContinue);
    (void)client.Wire();
  }
  EXPECT_EQ(client.session().in_flight(), 1u);
  client.Disconnect();
  EXPECT_EQ(client.Resume().sent, 1u);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=first q2 dup"});
  (void)client.Pubrec(1);
  (void)client.Pubcomp(1);
  EXPECT_EQ(client.Drain().sent, 1u);
  EXPECT_EQ(client.session().queued_messages(), 0u);
}

TEST(OutboundScript, IdentifiersWrapAroundAndSkipZero) {  // [MQTT-2.2.1-3]
  Script client;
  for (uint32_t i = 1; i <= 70'000; ++i) {
    ASSERT_EQ(client.Deliver("a", "x", kQos1), Delivered::kSent);
    const auto id = static_cast<codec::PacketId>((i - 1) % 65'535 + 1);
    if (i % 1000 == 0) (void)client.Wire();
    ASSERT_EQ(client.Puback(id), Verdict::kContinue) << i;
  }
}

TEST(OutboundScript, WhatIsLargerThanTheClientTakesIsDroppedAsIfDelivered) {
  Script client;  // [MQTT-3.1.2-24] [MQTT-3.1.2-25]
  client.link().maximum_packet_size = 30;
  const std::string large(40, 'x');
  EXPECT_EQ(client.Deliver("a", large, kQos0), Delivered::kDroppedTooLarge);
  EXPECT_EQ(client.Deliver("a", large, kQos1), Delivered::kDroppedTooLarge);
  EXPECT_EQ(client.session().in_flight(), 0u);
  client.Disconnect();
  EXPECT_EQ(client.Deliver("a", large, kQos1), Delivered::kQueued);
  EXPECT_EQ(client.Deliver("a", "1", kQos1), Delivered::kQueued);
  const Drained drained = client.Resume();
  EXPECT_EQ(drained.too_large, 1u);
  EXPECT_EQ(drained.sent, 1u);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=1 q1"});
}

TEST(OutboundScript, ExpiryCountsInTheQueueAndIsSentReduced) {  // [MQTT-3.3.2-5] [MQTT-3.3.2-6]
  Script client;
  EXPECT_EQ(client.Deliver("a", "0", kQos1, {}, client.now), Delivered::kDroppedExpired);
  client.Disconnect();
  (void)client.Deliver("a", "1", kQos1, {}, client.now + 5 * kSecond);
  (void)client.Deliver("a", "2", kQos1, {}, client.now + 50 * kSecond);
  client.now = client.now + 10 * kSecond;
  const Drained drained = client.Resume();
  EXPECT_EQ(drained.expired, 1u);
  EXPECT_EQ(client.Wire(), Words{"PUBLISH 1 a=2 q1 expiry40"});
}

TEST(OutboundScript, AFullQueueFollowsItsPolicy) {
  for (const OverflowPolicy policy :
       {OverflowPolicy::kDropNew, OverflowPolicy::kDropOldest, OverflowPolicy::kDisconnect}) {
    Script client({.queued_messages_max = 2, .overflow = policy});
    client.Disconnect();
    (void)client.Deliver("a", "1", kQos1);
    (void)client.Deliver("a", "2", kQos1);
    const Delivered outcome = client.Deliver("a", "3", kQos1);
    const bool drops_oldest = policy == OverflowPolicy::kDropOldest;
    EXPECT_EQ(outcome, drops_oldest                            ? Delivered::kReplacedOldest
                       : policy == OverflowPolicy::kDisconnect ? Delivered::kMustDisconnect
                                                               : Delivered::kDroppedQueueFull);
    // Replayed retained messages do not count, and go on.
    EXPECT_EQ(client.Deliver("r", "r", kQos1, {.exempt_from_queue_limit = true}),
              Delivered::kQueued);
    (void)client.Resume();
    EXPECT_EQ(client.Wire(),
              drops_oldest ? (Words{"PUBLISH 1 a=2 q1", "PUBLISH 2 a=3 q1", "PUBLISH 3 r=r q1"})
                           : (Words{"PUBLISH 1 a=1 q1", "PUBLISH 2 a=2 q1", "PUBLISH 3 r=r q1"}));
    EXPECT_EQ(client.session().queued_bytes(), 0u);
  }
}

TEST(OutboundScript, WhatCanNeverFitCostsNobodyTheirPlace) {
  Script client({.queued_bytes_max = 5000, .overflow = OverflowPolicy::kDropOldest});
  client.Disconnect();
  for (int i = 0; i < 5; ++i) (void)client.Deliver("a", std::to_string(i), kQos1);
  EXPECT_EQ(client.Deliver("a", std::string(6000, 'x'), kQos1), Delivered::kDroppedQueueFull);
  EXPECT_EQ(client.session().queued_messages(), 5u);
}

TEST(OutboundScript, DroppingTheOldestSparesWhatDoesNotCount) {
  Script client({.queued_messages_max = 1, .overflow = OverflowPolicy::kDropOldest});
  client.Disconnect();
  const DeliveryOptions replay{.exempt_from_queue_limit = true};
  (void)client.Deliver("r", "1", kQos1, replay);
  (void)client.Deliver("r", "2", kQos1, replay);
  EXPECT_EQ(client.Deliver("a", "old", kQos1), Delivered::kQueued);
  EXPECT_EQ(client.Deliver("a", "new", kQos1), Delivered::kReplacedOldest);
  (void)client.Resume();
  EXPECT_EQ(client.Wire(), (Words{"PUBLISH 1 r=1 q1", "PUBLISH 2 r=2 q1", "PUBLISH 3 a=new q1"}));
}

TEST(OutboundScript, TheQueueIsBoundedInBytesToo) {
  Script client({.queued_bytes_max = 1000, .overflow = OverflowPolicy::kDropOldest});
  client.Disconnect();
  EXPECT_EQ(client.Deliver("a", std::string(2000, 'x'), kQos1), Delivered::kDroppedQueueFull);
  (void)client.Deliver("a", std::string(500, 'x'), kQos1);
  EXPECT_EQ(client.Deliver("a", std::string(500, 'y'), kQos1), Delivered::kReplacedOldest);
  EXPECT_LE(client.session().queued_bytes(), 1000u);
}

TEST(OutboundScript, ASlowReaderLosesQos0AndQueuesTheRest) {
  Script client;
  client.link().output_bytes_high = 20;
  client.link().output_bytes_max = 60;
  Delivered last = Delivered::kSent;
  for (int i = 0; i < 10 && last == Delivered::kSent; ++i)
    last = client.Deliver("a", "12345678", kQos0);
  EXPECT_EQ(last, Delivered::kDroppedOutputFull);
  EXPECT_EQ(client.Deliver("a", "1", kQos1), Delivered::kQueued);
  EXPECT_TRUE(client.session().wants_drain());
  EXPECT_EQ(client.Drain().sent, 0u);
  (void)client.Wire();  // The socket took it.
  EXPECT_EQ(client.Drain().sent, 1u);
}

TEST(OutboundScript, AliasesReplaceTopicsOnceTheClientKnowsThem) {  // [MQTT-3.1.2-26]
  Script client;
  codec::OutboundAliases aliases(1);
  client.link().aliases = &aliases;
  (void)client.Deliver("topic/one", "1", kQos0);
  (void)client.Deliver("topic/one", "2", kQos0);
  EXPECT_EQ(client.Wire(), (Words{"PUBLISH 0 topic/one=1 q0 alias1", "PUBLISH 0 =2 q0 alias1"}));
}

TEST(OutboundScript, AnEndingSessionTellsWhatItNeverDelivered) {
  Script client;
  client.link().receive_maximum = 2;
  (void)client.Deliver("a", "1", kQos1, {.shared_group = 5});
  (void)client.Deliver("a", "2", kQos2, {.shared_group = 5});
  (void)client.Deliver("a", "3", kQos2, {.shared_group = 6});
  Words words;
  client.session().ForEachUndelivered([&](const Undelivered& one) {
    words.push_back(std::to_string(one.shared_group) + (one.sent ? " sent" : " queued") + " q" +
                    std::to_string(static_cast<int>(one.qos)));
  });
  EXPECT_EQ(words, (Words{"5 sent q1", "5 sent q2", "6 queued q2"}));
  // [MQTT-4.8.2-6]: a refusal ends it; nobody else gets the message.
  (void)client.Puback(1, ReasonCode::kNotAuthorized);
  words.clear();
  client.session().ForEachUndelivered([&](const Undelivered&) { words.emplace_back(); });
  EXPECT_EQ(words.size(), 2u);
}

// A client that acknowledges in any order, loses its connection at any moment and comes back with
// another window; and the messages it has seen.
class NaiveClient {
 public:
  explicit NaiveClient(uint64_t seed)
      : random_(seed),
        script_({.in_flight_max = static_cast<uint16_t>(1 + random_.Below(8))},
                random_.Chance(1, 2) ? ProtocolVersion::kV5 : ProtocolVersion::kV311) {}

  void Step() {
    const uint64_t dice = random_.Below(10);
    if (dice < 4) {
      (void)script_.Deliver("a", std::to_string(published_++),
                            random_.Chance(1, 2) ? kQos1 : kQos2);
    } else if (dice < 8 && connected_ && !owed_.empty()) {
      Acknowledge(random_.Below(owed_.size()));
    } else if (dice == 8 && connected_ && random_.Chance(1, 4)) {
      if (random_.Chance(1, 2)) Read();  // Or what was written is lost with the connection.
      (void)script_.Wire();
      script_.Disconnect();
      owed_.clear();
      connected_ = false;
    } else if (dice == 9 && !connected_) {
      script_.link().receive_maximum = static_cast<uint16_t>(1 + random_.Below(6));
      (void)script_.Resume();
      connected_ = true;
    }
    if (connected_) Read();
  }

  void Settle() {
    if (!connected_) (void)script_.Resume();
    Read();
    while (!owed_.empty()) {
      Acknowledge(0);
      Read();
    }
    EXPECT_EQ(script_.session().in_flight(), 0u);
    EXPECT_EQ(script_.session().queued_messages(), 0u);
  }

  void Judge() const {
    std::set<int> all(seen1_.begin(), seen1_.end());
    for (const int payload : seen2_) EXPECT_TRUE(all.insert(payload).second) << "QoS 2 twice";
    EXPECT_EQ(all.size(), static_cast<size_t>(published_));
    EXPECT_TRUE(std::is_sorted(seen2_.begin(), seen2_.end()));
    std::vector<int> first;
    std::set<int> known;
    for (const int payload : seen1_) {
      if (known.insert(payload).second) first.push_back(payload);
    }
    EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  }

 private:
  enum class Owed { kPuback, kPubrec, kPubcomp };

  void Read() {
    for (const std::string& words : script_.Wire()) {
      int id = 0;
      int payload = 0;
      int qos = 0;
      if (std::sscanf(words.c_str(), "PUBLISH %d a=%d q%d", &id, &payload, &qos) == 3) {
        OnPublish(id, payload, qos);
      } else if (std::sscanf(words.c_str(), "PUBREL %d", &id) == 1) {
        unreleased_.erase(id);
        owed_.emplace_back(Owed::kPubcomp, id);
      } else {
        ADD_FAILURE() << words;
      }
    }
  }

  void OnPublish(int id, int payload, int qos) {
    if (qos == 1) {
      seen1_.push_back(payload);
      owed_.emplace_back(Owed::kPuback, id);
      return;
    }
    if (unreleased_.insert(id).second) seen2_.push_back(payload);
    owed_.emplace_back(Owed::kPubrec, id);
  }

  void Acknowledge(size_t index) {
    const auto [what, id] = owed_[index];
    owed_.erase(owed_.begin() + static_cast<ptrdiff_t>(index));
    const auto packet_id = static_cast<codec::PacketId>(id);
    if (what == Owed::kPuback) (void)script_.Puback(packet_id);
    if (what == Owed::kPubrec) (void)script_.Pubrec(packet_id);
    if (what == Owed::kPubcomp) (void)script_.Pubcomp(packet_id);
    (void)script_.Drain();
  }

  base::Random random_;
  Script script_;
  bool connected_ = true;
  int published_ = 0;
  std::vector<int> seen1_;
  std::vector<int> seen2_;
  std::set<int> unreleased_;  // QoS 2 identifiers between PUBLISH and PUBREL.
  std::vector<std::pair<Owed, int>> owed_;
};

// Every message of QoS 1 arrives at least once, of QoS 2 exactly once, first arrivals in order.
// [MQTT-4.6.0-5]
TEST(OutboundProperty, NothingIsLostDoubledOrReordered) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    NaiveClient client(seed);
    for (int step = 0; step < 600; ++step) client.Step();
    client.Settle();
    client.Judge();
  }
}

}  // namespace
}  // namespace ringmq::session
