// The one table of configuration keys: name, unit, range, meaning, and where in Config the value
// lives. The file parser, Validate() and the annotated default file all walk it, so that a key
// cannot be in one and missing in another.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/config.h"

namespace ringmq::broker {

// Where a value lives inside an Object. A uint8_t is always an enum, named by `choices`.
template <typename Object>
using ConfigSlot =
    std::variant<uint16_t* (*)(Object&), uint32_t* (*)(Object&), uint64_t* (*)(Object&),
                 bool* (*)(Object&), std::string* (*)(Object&), uint8_t* (*)(Object&),
                 std::vector<std::string>* (*)(Object&)>;

template <typename Object>
struct ConfigField {
  std::string_view name;  // The key inside its table.
  ConfigSlot<Object> slot;
  uint64_t value_min = 0;  // Numbers only; both ends are legal.
  uint64_t value_max = 0;
  std::span<const std::string_view> choices = {};  // Enums only; the index is the enum's value.
  std::string_view doc = {};
};

struct ConfigSection {
  std::string_view name;
  std::string_view doc;
  std::span<const ConfigField<Config>> fields;
};

[[nodiscard]] std::span<const ConfigSection> ConfigSections();
[[nodiscard]] std::span<const ConfigField<ListenerConfig>> ListenerFields();
[[nodiscard]] std::span<const ConfigField<UserConfig>> UserFields();

inline constexpr std::string_view kListenersKey = "listeners";
inline constexpr std::string_view kUsersKey = "users";

// "an integer from 1 to 65535", "true or false", "one of "a", "b"".
template <typename Object>
[[nodiscard]] std::string ExpectedText(const ConfigField<Object>& field);

// Whether the value now in `object` is inside the field's range.
template <typename Object>
[[nodiscard]] bool IsInRange(const ConfigField<Object>& field, Object& object);

// The value as it would be written in a TOML file.
template <typename Object>
[[nodiscard]] std::string ValueText(const ConfigField<Object>& field, Object& object);

// A TOML basic string. Requires nothing of `text`.
[[nodiscard]] std::string QuoteToml(std::string_view text);

}  // namespace ringmq::broker
