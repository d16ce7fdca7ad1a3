// CONNECT as the options ask for it, and what CONNACK says, in the public words.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "client/wire.h"
#include "codec/packets.h"
#include "ringmq/event.h"
#include "ringmq/options.h"

namespace ringmq::client {

// What may differ from attempt to attempt.
struct Greeting {
  std::string client_id;
  std::string username;
  std::string password;
  std::string authentication_data;
  bool clean_start = true;
};

void WriteConnect(const Options& options, const Greeting& greeting, Wire& wire);

// Appends the properties that a PUBLISH or a will may carry, without expiry.
void AppendProperties(const PublishProperties& properties, std::vector<uint8_t>& out);

[[nodiscard]] ServerLimits LimitsOf(const codec::Connack& connack, const Options& options,
                                    ProtocolVersion version);
[[nodiscard]] Connected ConnectedOf(const codec::Connack& connack, const std::string& client_id,
                                    const ServerLimits& limits);

}  // namespace ringmq::client
