// From the options of the public header to the broker's own configuration.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/config.h"
#include "ringmq/broker.h"

namespace ringmq::broker {

// Parses the text, puts what is set in `options` over it, and validates the whole.
[[nodiscard]] Expected<Config> ConfigOf(const BrokerOptions& options);

[[nodiscard]] LogLevel LevelOf(BrokerLogLevel level);
[[nodiscard]] BrokerLogLevel PublicLevelOf(LogLevel level);

}  // namespace ringmq::broker
