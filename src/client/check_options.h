// Whether options make sense together, before anything is tried.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ringmq/client.h"
#include "ringmq/options.h"

namespace ringmq::client {

// An error names the option.
[[nodiscard]] Expected<void> CheckOptions(const Options& options);

// The same of one server, which a hook may have changed.
[[nodiscard]] Expected<void> CheckEndpoint(const Endpoint& endpoint);

// Why nothing on the network is called so; null: it may be. What passes can stand in a request to a
// proxy and in a Host header.
[[nodiscard]] const char* WhyNotHost(std::string_view host);
// An IP address with a port, for whom a PROXY header may speak.
[[nodiscard]] bool IsProxySource(std::string_view text);
// Why a publish can never be sent; null: it can.
[[nodiscard]] const char* WhyNotPublishable(std::string_view topic,
                                            const PublishProperties* properties);
// Why a subscription can never be asked for; null: it can.
[[nodiscard]] const char* WhyNotSubscribable(const SubscriptionRequest& request);
// Why no packet can carry them; null: it can. At most 1024 of them.
[[nodiscard]] const char* WhyNotUserProperties(const UserProperties& properties);
// Likewise of a goodbye.
[[nodiscard]] const char* WhyNotDisconnectable(const DisconnectOptions& options);

}  // namespace ringmq::client
