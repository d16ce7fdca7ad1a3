// The single numbers that only some commands measure, by the names that a result file and
// --assert know them by. The end of a name says its unit: "_per_s" is a rate, "_s" are seconds,
// anything else is a count.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace ringmq::measure {

struct ScalarName {
  std::string_view name;
  std::string_view words;  // For people, with the unit left to the value.
};

inline constexpr std::array<ScalarName, 19> kScalarNames = {{
    // conn and churn.
    {"connects_per_s", "clients that became ready"},
    {"connects_offered_per_s", "connects that were due"},
    {"connects_failed", "connects that failed"},
    {"connects_blocked", "connects that waited for the broker to let go of earlier ones"},
    {"connected_all_s", "until everybody was ready"},
    {"reconnects_per_s", "clients that became ready again after the cut"},
    {"reconnected_all_s", "until everybody was ready again after the cut"},
    // What connects again with --reconnect.
    {"connections_ended", "connections that ended during the run"},
    {"reconnects", "connections made again after that"},
    // retain.
    {"loaded_per_s", "retained messages stored"},
    {"retained_per_s", "retained messages delivered"},
    {"retained_all_s", "from the first SUBSCRIBE to the last retained message"},
    {"removed_per_s", "retained messages removed"},
    // session.
    {"queued_per_s", "messages published for absent clients"},
    {"drained_per_s", "queued messages delivered"},
    {"drained_all_s", "from the first return to the last queued message"},
    {"sessions_lost", "sessions that the broker did not keep"},
    // will.
    {"wills_early", "wills that came too early"},
    {"cuts_per_s", "connections that were cut"},
}};

// Nothing if there is no such name.
[[nodiscard]] constexpr const ScalarName* FindScalar(std::string_view name) {
  for (const ScalarName& scalar : kScalarNames) {
    if (scalar.name == name) return &scalar;
  }
  return nullptr;
}

[[nodiscard]] constexpr bool IsRate(std::string_view scalar) { return scalar.ends_with("_per_s"); }
// In seconds.
[[nodiscard]] constexpr bool IsTime(std::string_view scalar) {
  return scalar.ends_with("_s") && !IsRate(scalar);
}

}  // namespace ringmq::measure
