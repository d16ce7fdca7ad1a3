// SPDX-License-Identifier: Apache-2.0
#include "session/inbound.h"

#include <gtest/gtest.h>

#include "session/script.h"

namespace ringmq::session {
namespace {

Arrival Publish(Script& client, codec::PacketId id, Qos qos,
                ReasonCode reason = ReasonCode::kSuccess) {
  const Arrival arrival = client.session().OnPublish(id, qos, client.link());
  if (arrival == Arrival::kNew) client.session().Accept(id, qos, reason, client.link());
  client.session().Audit();
  return arrival;
}

TEST(InboundScript, Qos1IsAcceptedAndAcknowledgedEachTime) {  // [MQTT-4.3.2-4] [MQTT-4.3.2-5]
  Script client;
  EXPECT_EQ(Publish(client, 5, Qos::kAtLeastOnce), Arrival::kNew);
  EXPECT_EQ(Publish(client, 5, Qos::kAtLeastOnce), Arrival::kNew);
  EXPECT_EQ(client.Wire(), (Words{"PUBACK 5", "PUBACK 5"}));  // [MQTT-2.2.1-5]
}

// [MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12]
TEST(InboundScript, Qos2IsRoutedOnceUntilItsPubrel) {
  Script client;
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kDuplicate);
  client.session().OnPubrel(5, client.link());
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(client.Wire(), (Words{"PUBREC 5", "PUBREC 5", "PUBCOMP 5", "PUBREC 5"}));
}

TEST(InboundScript, Qos2IdentifiersOutliveTheConnection) {  // [MQTT-4.1.0-1]
  Script client;
  (void)Publish(client, 5, Qos::kExactlyOnce);
  client.Disconnect();
  (void)client.Resume();
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kDuplicate);
}

TEST(InboundScript, ARefusedQos2IdentifierIsFreeAtOnce) {  // [MQTT-4.3.3-9]
  Script client;
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce, ReasonCode::kNotAuthorized), Arrival::kNew);
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(client.Wire(), (Words{"PUBREC 5 reason 135", "PUBREC 5"}));
}

TEST(InboundScript, ARefusalThatA311ClientCannotSeeKeepsTheIdentifier) {
  Script client({}, ProtocolVersion::kV311);
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce, ReasonCode::kNotAuthorized), Arrival::kNew);
  EXPECT_EQ(Publish(client, 5, Qos::kExactlyOnce), Arrival::kDuplicate);
}

TEST(InboundScript, PubrelForAnUnknownIdentifierIsAnsweredWithThatReason) {
  Script client;
  client.session().OnPubrel(7, client.link());
  EXPECT_EQ(client.Wire(), Words{"PUBCOMP 7 reason 146"});  // 0x92
  Script old({}, ProtocolVersion::kV311);
  old.session().OnPubrel(7, old.link());
  EXPECT_EQ(old.Wire(), Words{"PUBCOMP 7"});
}

TEST(InboundScript, MoreThanTheReceiveMaximumIsRefused) {  // [MQTT-3.3.4-7]
  Script client({.receive_maximum = 2});
  EXPECT_EQ(Publish(client, 1, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(Publish(client, 2, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(Publish(client, 2, Qos::kExactlyOnce), Arrival::kDuplicate);  // Not one more.
  EXPECT_EQ(Publish(client, 3, Qos::kExactlyOnce), Arrival::kReceiveMaximumExceeded);
  EXPECT_EQ(Publish(client, 4, Qos::kAtLeastOnce), Arrival::kReceiveMaximumExceeded);
  client.session().OnPubrel(9, client.link());  // A stray one raises nothing.
  EXPECT_EQ(Publish(client, 3, Qos::kExactlyOnce), Arrival::kReceiveMaximumExceeded);
  client.session().OnPubrel(1, client.link());
  EXPECT_EQ(Publish(client, 3, Qos::kExactlyOnce), Arrival::kNew);
  Script old({.receive_maximum = 1}, ProtocolVersion::kV311);  // Knows no such limit.
  EXPECT_EQ(Publish(old, 1, Qos::kExactlyOnce), Arrival::kNew);
  EXPECT_EQ(Publish(old, 2, Qos::kExactlyOnce), Arrival::kNew);
}

}  // namespace
}  // namespace ringmq::session
