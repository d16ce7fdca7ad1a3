// Text as a manual page takes it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ringmq::base {

// Roff takes '-' for a hyphen, and a point or a quote at the beginning of a line for a request.
inline std::string Roff(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const bool is_first = out.empty() || out.back() == '\n';
    if (is_first && (byte == '.' || byte == '\'')) out += "\\&";
    if (byte == '\\') {
      out += "\\e";
    } else if (byte == '-') {
      out += "\\-";
    } else {
      out += byte;
    }
  }
  return out;
}

}  // namespace ringmq::base
