// Text in columns for terminals: widths count characters, not bytes, as our texts have "µ" and "→".
// A character is one code point of UTF-8 and taken to be one column wide, which holds for all that
// we write ourselves; what comes from elsewhere may at worst look ragged.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringmq::report {

enum class Colour : uint8_t { kNone, kAnsi };
enum class Ink : uint8_t { kPlain, kBold, kFaint, kGood, kWarning, kBad };

[[nodiscard]] size_t WidthOf(std::string_view text);

// The longest beginning of `text` that is at most `columns` wide.
[[nodiscard]] std::string_view Clip(std::string_view text, size_t columns);

// Filled with spaces to `columns`, clipped if it is wider.
[[nodiscard]] std::string PadRight(std::string_view text, size_t columns);
[[nodiscard]] std::string PadLeft(std::string_view text, size_t columns);

// The text between the escape sequences of that ink; the text itself without colour.
[[nodiscard]] std::string Paint(std::string_view text, Ink ink, Colour colour);

// The text without control characters, so that what came from elsewhere cannot steer a terminal.
[[nodiscard]] std::string Printable(std::string_view text);

// "1 204 000": digits in groups of three.
[[nodiscard]] std::string GroupDigits(uint64_t number);

// "▁▂▃▄▅▆▇█": a bar for a share in [0, 1] of the highest; the lowest bar for zero.
[[nodiscard]] std::string_view Spark(double share);

}  // namespace ringmq::report
