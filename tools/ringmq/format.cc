// SPDX-License-Identifier: Apache-2.0
#include "format.h"

#include <algorithm>
#include <utility>

#include "json_line.h"

namespace ringmq::cli {
namespace {

// Wider fields are refused: nobody has such a terminal, and a typing error must not fill the disk.
constexpr uint32_t kWidthMax = 10'000;
constexpr size_t kTimeTextBytesMax = 100;
constexpr std::string_view kMessageLetters = "%ACDEFIJPRSUXjlmpqrtx";
constexpr std::string_view kEscapes = R"(\0aenrtv)";
constexpr std::string_view kEscaped = {"\\\0\a\033\n\r\t\v", 8};
static_assert(kEscapes.size() == kEscaped.size());

Error Bad(std::string_view text, size_t from, size_t to, const char* why) {
  const std::string_view sequence = text.substr(from, to - from);
  return Error(Errc::kInvalidArgument, "'" + std::string(sequence) + "' " + why);
}

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }

// Reads digits; what is wider than the widest stays a little wider than that.
uint32_t TakeNumber(std::string_view text, size_t& at) {
  uint32_t number = 0;
  for (; at < text.size() && IsDigit(text[at]); ++at) {
    number = std::min(number * 10 + static_cast<uint32_t>(text[at] - '0'), kWidthMax + 1);
  }
  return number;
}

std::string TimeText(const char* format, const tm& local) {
  char text[kTimeTextBytesMax];
  const size_t size_bytes = strftime(text, sizeof text, format, &local);
  return {text, size_bytes};
}

std::string NanosecondText(long nanoseconds) {
  const std::string digits = std::to_string(nanoseconds);
  return std::string(9 - std::min<size_t>(9, digits.size()), '0') + digits;
}

void AppendHex(std::string_view bytes, const char* digits, std::string& out) {
  for (const char byte : bytes) {
    const auto value = static_cast<uint8_t>(byte);
    out += digits[value >> 4];
    out += digits[value & 15];
  }
}

}  // namespace

Expected<Format> Format::Parse(std::string_view text) {
  Format format;
  for (size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (byte != '%' && byte != '@' && byte != '\\') {
      format.AddText(byte);
      continue;
    }
    if (at + 1 == text.size()) return Bad(text, at, text.size(), "is an incomplete sequence");
    if (byte == '%') {
      Expected<Part> part = ParseMessagePart(text, at);
      if (!part.ok()) return part.error();
      format.parts_.push_back(*std::move(part));
      continue;
    }
    const char letter = text[++at];
    if (byte == '@' && letter == '@') {
      format.AddText('@');
    } else if (byte == '@') {
      format.parts_.push_back({.kind = PartKind::kTime, .letter = letter});
    } else {
      const size_t escape = kEscapes.find(letter);
      if (escape == std::string_view::npos) {
        return Bad(text, at - 1, at + 1, R"(is none of \\ \0 \a \e \n \r \t \v)");
      }
      format.AddText(kEscaped[escape]);
    }
  }
  return format;
}

// `at` is the place of the '%' and becomes that of the letter.
Expected<Format::Part> Format::ParseMessagePart(std::string_view text, size_t& at) {
  const size_t from = at++;
  Part part{.kind = PartKind::kMessage};
  if (at < text.size() && text[at] == '-') {
    part.is_left = true;
    ++at;
  }
  if (at < text.size() && text[at] == '0') {
    part.pad = '0';
    ++at;
  }
  part.width = TakeNumber(text, at);
  if (at < text.size() && text[at] == '.') {
    ++at;
    part.width_max = static_cast<int32_t>(TakeNumber(text, at));
  }
  if (at >= text.size()) return Bad(text, from, text.size(), "is an incomplete sequence");
  part.letter = text[at];
  if (kMessageLetters.find(part.letter) == std::string_view::npos) {
    return Bad(text, from, at + 1,
               "has no meaning; known are % with one of "
               "%ACDEFIjJlmpPqRrStUxX");
  }
  if (part.width > kWidthMax || part.width_max > static_cast<int32_t>(kWidthMax)) {
    return Bad(text, from, at + 1, "is wider than 10000 characters");
  }
  return part;
}

void Format::AddText(char byte) {
  if (parts_.empty() || parts_.back().kind != PartKind::kText) parts_.push_back({});
  parts_.back().text += byte;
}

PrintResult Format::Print(const Printable& message, const timespec& now, JsonLayout layout,
                          std::string& out) const {
  PrintResult result = PrintResult::kPrinted;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case PartKind::kText:
        out += part.text;
        break;
      case PartKind::kTime:
        PrintTime(part, now, out);
        break;
      case PartKind::kMessage:
        if (PrintPart(part, message, now, layout, out) != PrintResult::kPrinted) {
          result = PrintResult::kPayloadIsNotJson;
        }
        break;
    }
  }
  return result;
}

PrintResult Format::PrintPart(const Part& part, const Printable& message, const timespec& now,
                              JsonLayout layout, std::string& out) {
  switch (part.letter) {
    case '%':
      out += '%';
      break;
    case 'l':
      PrintNumber(part, static_cast<int64_t>(message.payload.size()), out);
      break;
    case 'm':
      PrintNumber(part, message.packet_id, out);
      break;
    case 'q':
      out += static_cast<char>('0' + static_cast<int>(message.qos));
      break;
    case 'r':
      out += message.retain ? '1' : '0';
      break;
    case 't':
      PrintText(part, message.topic, out);
      break;
    case 'p':
    case 'x':
    case 'X':
      PrintPayload(part, message.payload, out);
      break;
    case 'j':
    case 'J': {
      const JsonPayload how = part.letter == 'j' ? JsonPayload::kString : JsonPayload::kJson;
      const std::optional<std::string> line = JsonLine(message, now, how, layout);
      if (!line.has_value()) return PrintResult::kPayloadIsNotJson;
      out += *line;
      break;
    }
    case 'I':
    case 'U':
      PrintTime(part, now, out);
      break;
    default:
      PrintProperty(part, message.properties, out);
      break;
  }
  return PrintResult::kPrinted;
}

void Format::PrintProperty(const Part& part, const PublishProperties& properties,
                           std::string& out) {
  switch (part.letter) {
    case 'C':
      PrintText(part, properties.content_type, out);
      break;
    case 'D':
      out += properties.correlation_data;
      break;
    case 'E':
      if (properties.expiry_s) return PrintNumber(part, *properties.expiry_s, out);
      PrintBlank(part.width, part.pad, out);
      break;
    case 'F':
      if (properties.payload_is_text) {
        return PrintNumber(part, *properties.payload_is_text ? 1 : 0, out);
      }
      PrintBlank(part.width, part.pad, out);
      break;
    case 'P':
      for (size_t i = 0; i < properties.user.size(); ++i) {
        if (i != 0) out += ' ';
        out += properties.user[i].first + ":" + properties.user[i].second;
      }
      break;
    case 'R':
      // Alone among its kind, it takes no room when it is absent.
      if (!properties.response_topic.empty()) PrintText(part, properties.response_topic, out);
      break;
    case 'S':
      if (!properties.subscription_ids.empty()) {
        return PrintNumber(part, properties.subscription_ids.front(), out);
      }
      PrintBlank(part.width, part.pad, out);
      break;
    default:  // 'A': an alias is expanded before anybody sees it, so there is none to print.
      PrintBlank(part.width, part.pad, out);
      break;
  }
}

void Format::PrintNumber(const Part& part, int64_t value, std::string& out) {
  const std::string digits = std::to_string(value);
  const auto blank =
      part.width > digits.size() ? part.width - static_cast<uint32_t>(digits.size()) : 0;
  if (!part.is_left) PrintBlank(blank, part.pad, out);
  out += digits;
  if (part.is_left) PrintBlank(blank, ' ', out);
}

void Format::PrintText(const Part& part, std::string_view value, std::string& out) {
  if (part.width_max >= 0) value = value.substr(0, static_cast<size_t>(part.width_max));
  const auto blank =
      part.width > value.size() ? part.width - static_cast<uint32_t>(value.size()) : 0;
  if (!part.is_left) PrintBlank(blank, ' ', out);
  out += value;
  if (part.is_left) PrintBlank(blank, ' ', out);
}

void Format::PrintBlank(uint32_t width, char pad, std::string& out) { out.append(width, pad); }

// As mosquitto_sub 2.0 does it, though its manual says otherwise: the width is also the greatest
// one; in hexadecimal a payload is then cut to half as many bytes; and '-' without a width adds as
// many blanks as the payload has bytes.
void Format::PrintPayload(const Part& part, std::string_view payload, std::string& out) {
  const bool is_hex = part.letter != 'p';
  uint32_t blank = 0;
  if (part.width > 0) {
    payload = payload.substr(0, part.width);
    if (is_hex) payload = payload.substr(0, payload.size() / 2);
    blank = part.width - static_cast<uint32_t>(payload.size() * (is_hex ? 2 : 1));
  } else if (part.is_left) {
    blank = static_cast<uint32_t>(payload.size());
  }
  if (!part.is_left) PrintBlank(blank, part.pad, out);
  if (is_hex) {
    AppendHex(payload, part.letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF", out);
  } else {
    out += payload;
  }
  if (part.is_left) PrintBlank(blank, ' ', out);
}

void Format::PrintTime(const Part& part, const timespec& now, std::string& out) {
  tm local{};
  localtime_r(&now.tv_sec, &local);
  if (part.kind == PartKind::kTime) {
    const char format[] = {'%', part.letter, 0};
    out += part.letter == 'N' ? NanosecondText(now.tv_nsec) : TimeText(format, local);
  } else if (part.letter == 'I') {
    PrintText(part, TimeText("%FT%T%z", local), out);
  } else {
    out += std::to_string(now.tv_sec) + "." + NanosecondText(now.tv_nsec);
  }
}

void PrintVerbose(const Printable& message, std::string& out) {
  out += message.topic;
  out += ' ';
  out += message.payload.empty() ? std::string_view("(null)") : message.payload;
}

}  // namespace ringmq::cli
