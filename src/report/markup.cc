// SPDX-License-Identifier: Apache-2.0
#include "report/markup.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/utf8.h"
#include "report/columns.h"

namespace ringmq::report {
namespace {

// U+FFFE and U+FFFF are the only well-formed characters above the controls that XML refuses.
bool IsRefusedByXml(std::string_view character) {
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

// The length of the character that `text` begins with; zero: none that XML can hold.
size_t CharacterBytes(std::string_view text) {
  for (size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    const std::string_view character = text.substr(0, size);
    if (base::IsValidUtf8(character)) return IsRefusedByXml(character) ? 0 : size;
  }
  return 0;
}

std::string Repaired(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t size = CharacterBytes(text);
    if (size == 0) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

}  // namespace

std::string Escape(std::string_view text) {
  return absl::StrReplaceAll(
      Repaired(Printable(text)),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&apos;"}});
}

std::string FileLink(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/";
  // Several slashes in front would begin with a host.
  while (path.starts_with("//")) path.remove_prefix(1);
  std::string link;
  for (const char byte : path) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(byte)) ||
        kPlain.find(byte) != std::string_view::npos) {
      link.push_back(byte);
    } else {
      absl::StrAppendFormat(&link, "%%%02X", static_cast<uint8_t>(byte));
    }
  }
  return link;
}

}  // namespace ringmq::report
