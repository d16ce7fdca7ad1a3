// A transport of the user's own: whatever can give the event loop a connected stream socket, such
// as a VPN or SSH channel behind a socketpair, a socket from systemd, or an address family that the
// library does not dial.
//
// The loop does everything above it: TLS and WebSocket as the endpoint says, then MQTT.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ringmq/expected.h"
#include "ringmq/options.h"

namespace ringmq {

// Takes the place of resolving and dialing, and of Options::socket; see Options::connector. Called
// on the loop's thread, within Poll(), or in the loop's destructor; must not block.
class Connector {
 public:
  virtual ~Connector() = default;

  // The descriptor of a connected stream socket (SOCK_STREAM of any family) to `endpoint`. The loop
  // owns it from then on: sets its flags, closes it when the connection is over. One attempt, one
  // descriptor; it asks for the next one when it connects again.
  //
  // kWouldBlock: not there yet. The loop asks again in its next turns, until
  // Options::connect_timeout; Client::Wake(), on any thread, makes it turn. Any other error ends
  // the attempt and is the cause in Disconnected, with Phase::kDial; whether another one follows is
  // Error::is_transient().
  virtual Expected<int> Connect(const Endpoint& endpoint) = 0;

  // The attempt for which Connect() last said kWouldBlock is given up: its time has passed, or the
  // loop ends. Not called otherwise.
  virtual void Abandon() noexcept {}
};

}  // namespace ringmq
