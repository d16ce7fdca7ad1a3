// Runs that have a name: those of the public Open MQTT Benchmark Suite (github.com/emqx/mqttbs), so
// that results can be set beside those of others, and our own. Pure: a preset is a command and
// flags, which the command line takes as if they had been typed.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ringmq::bench {

struct Preset {
  std::string_view name;
  std::string_view what;
  std::string_view command;
  // What grows and shrinks with --scale; zero: the command does not have it.
  uint32_t publishers = 0;
  uint32_t subscribers = 0;
  uint32_t connections = 0;
  double rate_per_s = 0;      // Zero: closed loop.
  double connects_per_s = 0;  // Zero: as usual.
  std::string_view flags;     // The others, in pairs: "--qos 1 --payload 16".
};

[[nodiscard]] std::span<const Preset> Presets();

// By its name, in any case; the suite's own "singlenode-" may stand before it. An error names those
// that begin alike, or says how to list all.
[[nodiscard]] absl::StatusOr<const Preset*> FindPreset(std::string_view name);

// Flags and their values, with counts and rates times `scale`, but no count below one.
using FlagValues = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] FlagValues FlagsOf(const Preset& preset, double scale);

// Of all roles. Requires: scale > 0.
[[nodiscard]] uint64_t ConnectionsOf(const Preset& preset, double scale);

// What they are, and what each needs.
[[nodiscard]] std::string PresetList();

// "mqtt-bench fanout --pubs 5 ..."
[[nodiscard]] std::string EqualCommandLine(std::string_view command, const FlagValues& flags);

}  // namespace ringmq::bench
