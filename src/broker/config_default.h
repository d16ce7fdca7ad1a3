// The annotated configuration file that `ringmqd --print-config` prints: every key with its
// meaning, range and value. Made from the table in config_fields.cc, so it is complete, and it
// parses back to the very Config it was made from (tests/broker/config_test.cc).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "broker/config.h"

namespace ringmq::broker {

[[nodiscard]] std::string AnnotatedConfigText(const Config& config);

[[nodiscard]] inline std::string DefaultConfigText() { return AnnotatedConfigText(Config{}); }

}  // namespace ringmq::broker
