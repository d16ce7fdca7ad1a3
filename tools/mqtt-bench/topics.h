// The topics that --topic and --topics mean.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "settings.h"

namespace ringmq::bench {

// Whether the command publishes to topics that exist, and says who of the publishers is meant.
[[nodiscard]] absl::Status CheckTopics(const Settings& settings);

// The pattern of the topic (load::TopicPattern) of the publisher "{i}"; of the run `run`.
[[nodiscard]] std::string TopicOf(const Settings& settings, uint32_t run);
// The filter of all those topics, of all publishers.
[[nodiscard]] std::string FilterOfAll(const Settings& settings, uint32_t run);
// The same of publisher "{i}" alone.
[[nodiscard]] std::string FilterOfOne(const Settings& settings, uint32_t run);
// Whether a publisher has more than one. Requires: CheckTopics() is content.
[[nodiscard]] bool HasManyTopics(const Settings& settings);

}  // namespace ringmq::bench
