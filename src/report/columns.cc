// SPDX-License-Identifier: Apache-2.0
#include "report/columns.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ringmq::report {
namespace {

// Every byte of UTF-8 that does not continue a character begins one.
bool BeginsCharacter(char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; }

std::string_view EscapeOf(Ink ink) {
  switch (ink) {
    case Ink::kPlain:
      return "";
    case Ink::kBold:
      return "\x1b[1m";
    case Ink::kFaint:
      return "\x1b[2m";
    case Ink::kGood:
      return "\x1b[32m";
    case Ink::kWarning:
      return "\x1b[33m";
    case Ink::kBad:
      return "\x1b[1;31m";
  }
  return "";
}

}  // namespace

size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

std::string_view Clip(std::string_view text, size_t columns) {
  size_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!BeginsCharacter(text[i])) continue;
    if (width == columns) return text.substr(0, i);
    ++width;
  }
  return text;
}

std::string PadRight(std::string_view text, size_t columns) {
  const std::string_view clipped = Clip(text, columns);
  return std::string(clipped) + std::string(columns - WidthOf(clipped), ' ');
}

std::string PadLeft(std::string_view text, size_t columns) {
  const std::string_view clipped = Clip(text, columns);
  return std::string(columns - WidthOf(clipped), ' ') + std::string(clipped);
}

std::string Paint(std::string_view text, Ink ink, Colour colour) {
  if (colour == Colour::kNone || ink == Ink::kPlain) return std::string(text);
  return std::string(EscapeOf(ink)) + std::string(text) + "\x1b[0m";
}

std::string Printable(std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<uint8_t>(out[i]);
    // U+0080 to U+009F steer terminals too; in UTF-8 they are c2 80 to c2 9f.
    const bool is_c1 = i > 0 && static_cast<uint8_t>(out[i - 1]) == 0xc2 && byte < 0xa0;
    if (byte < 0x20 || byte == 0x7f) out[i] = ' ';
    if (is_c1 && byte >= 0x80) out[i - 1] = out[i] = '?';
  }
  return out;
}

std::string GroupDigits(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ' ');
  return digits;
}

std::string_view Spark(double share) {
  static constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (!(share > 0)) return kBars.front();  // Also for what is no number.
  const double bar = std::floor(std::min(share, 1.0) * kBars.size());
  return kBars[std::min(static_cast<size_t>(bar), kBars.size() - 1)];
}

}  // namespace ringmq::report
