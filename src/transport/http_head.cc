// SPDX-License-Identifier: Apache-2.0
#include "transport/http_head.h"

#include <algorithm>

namespace ringmq::transport {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 9110 s5.6.2.
bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const char lower = Lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         kMarks.find(c) != std::string_view::npos;
}

bool IsText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

template <typename Test>
bool AnyWord(const HttpHead& head, std::string_view name, Test test) {
  for (const auto& [key, value] : head.headers) {
    if (!EqualsIgnoringCase(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      if (test(TakeWord(rest))) return true;
    }
  }
  return false;
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view TakeWord(std::string_view& list) {
  const size_t comma = std::min(list.find(','), list.size());
  const std::string_view word = TrimBlanks(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return word;
}

std::optional<std::string_view> HttpHead::Single(std::string_view name) const {
  std::optional<std::string_view> found = std::string_view();
  int count = 0;
  for (const auto& [key, value] : headers) {
    if (!EqualsIgnoringCase(key, name)) continue;
    found = value;
    if (++count > 1) return std::nullopt;
  }
  return found;
}

bool HttpHead::Has(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return EqualsIgnoringCase(header.first, name); });
}

bool HttpHead::HasWord(std::string_view name, std::string_view word) const {
  return AnyWord(*this, name,
                 [word](std::string_view one) { return EqualsIgnoringCase(one, word); });
}

bool HttpHead::HasExactWord(std::string_view name, std::string_view word) const {
  return AnyWord(*this, name, [word](std::string_view one) { return one == word; });
}

std::optional<HttpHead> ParseHttpHead(std::string_view head, size_t headers_max) {
  HttpHead parsed;
  bool is_first = true;
  while (true) {
    const size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    // A lone CR or LF is a control character, too.
    if (!IsText(line)) return std::nullopt;
    if (is_first) {
      parsed.start_line = line;
      is_first = false;
      continue;
    }
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    // Folded lines begin with a blank and fail here.
    if (!std::all_of(name.begin(), name.end(), IsTokenChar)) return std::nullopt;
    if (parsed.headers.size() == headers_max) return std::nullopt;
    parsed.headers.emplace_back(name, TrimBlanks(line.substr(colon + 1)));
  }
  if (!head.empty()) return std::nullopt;
  return parsed;
}

}  // namespace ringmq::transport
