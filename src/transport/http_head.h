// The head of an HTTP/1.1 message: a start line and headers. RFC 9112 s2, s5, read strictly: lines
// end with CR LF, nothing is folded, no blanks before a colon, no control characters.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace ringmq::transport {

struct HttpHead {
  std::string_view start_line;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // Values without blanks.

  // The value of a header that may come only once; empty if there is none.
  // No value: it is there twice.
  [[nodiscard]] std::optional<std::string_view> Single(std::string_view name) const;
  // Whether one of the comma-separated words of these headers is `word`, in any case.
  [[nodiscard]] bool HasWord(std::string_view name, std::string_view word) const;
  // Likewise, as it is written.
  [[nodiscard]] bool HasExactWord(std::string_view name, std::string_view word) const;
  [[nodiscard]] bool Has(std::string_view name) const;
};

// No value: it is not as it should be, or has more than `headers_max` headers.
// Views into `head`, which includes the empty line.
[[nodiscard]] std::optional<HttpHead> ParseHttpHead(std::string_view head, size_t headers_max);

// In ASCII, whatever the locale.
[[nodiscard]] bool EqualsIgnoringCase(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view TrimBlanks(std::string_view text);
// Takes the text up to the next comma off `list`.
[[nodiscard]] std::string_view TakeWord(std::string_view& list);

}  // namespace ringmq::transport
