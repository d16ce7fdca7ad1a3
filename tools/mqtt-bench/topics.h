// The topics that --topic and --topics mean, and who hears of them by --filter.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "load/plan.h"
#include "settings.h"

namespace ringmq::bench {

// Whether the command publishes to topics that exist, and says who of the publishers is meant.
[[nodiscard]] absl::Status CheckTopics(const Settings& settings);

// Whether the command has subscribers, and --filter is something that one may subscribe to.
[[nodiscard]] absl::Status CheckFilters(const Settings& settings);

// The pattern of the topic (load::TopicPattern) of the publisher "{i}"; of the run `run`.
[[nodiscard]] std::string TopicOf(const Settings& settings, uint32_t run);
// The filter of all those topics, of all publishers.
[[nodiscard]] std::string FilterOfAll(const Settings& settings, uint32_t run);
// The same of publisher "{i}" alone.
[[nodiscard]] std::string FilterOfOne(const Settings& settings, uint32_t run);
// Those of --filter, of connections named `role`, with all but "{i}" filled in.
[[nodiscard]] std::vector<std::string> FiltersOf(const Settings& settings, uint32_t run,
                                                 const char* role);
// Fills in whom `hears` hears by its filters, and what publishers of `plan` lead to. An error if
// that is nobody, or if what is heard could not be verified.
[[nodiscard]] absl::Status SetWhoHears(const Settings& settings, load::Role& hears,
                                       load::Plan& plan);
// Whether a publisher has more than one. Requires: CheckTopics() is content.
[[nodiscard]] bool HasManyTopics(const Settings& settings);

}  // namespace ringmq::bench
