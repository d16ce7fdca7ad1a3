// How the server ends a connection: with the reason where the version can carry one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/wire.h"
#include "ringmq/protocol.h"

namespace ringmq::broker {

// DISCONNECT with the reason to an open 5.0 connection [MQTT-3.14.0-1] [MQTT-4.13.1-1]; earlier
// versions have no such packet, and are just closed.
void Disconnect(Wire& wire, Connection& connection, ReasonCode reason);

// CONNACK with a failure, then close. [MQTT-3.1.4-2] [MQTT-3.2.2-7]
void RefuseConnect(Wire& wire, Connection& connection, ReasonCode reason);

}  // namespace ringmq::broker
