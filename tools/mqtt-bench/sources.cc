// SPDX-License-Identifier: Apache-2.0
#include "sources.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ringmq::bench {
namespace {

// More would not make more ports than there is memory for.
constexpr uint32_t kSourcesMax = 1 << 16;

absl::Status Bad(const std::string& text) {
  return absl::InvalidArgumentError(
      absl::StrCat("--source-ip: '", text, "' is neither a number up to ", kSourcesMax,
                   ", nor IPv4 addresses, nor a network of at most so many; for example "
                   "--source-ip 10.0.0.0/28"));
}

bool ParseNumber(std::string_view text, uint32_t& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

}  // namespace

absl::StatusOr<std::vector<uint32_t>> ParseSources(const std::string& text) {
  std::vector<uint32_t> sources;
  if (text.empty()) return sources;
  uint32_t count = 0;
  if (ParseNumber(text, count)) {
    if (count > kSourcesMax) return Bad(text);
    for (uint32_t i = 0; i < count; ++i) sources.push_back(htonl(INADDR_LOOPBACK + 1 + i));
    return sources;
  }
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    const size_t slash = part.find('/');
    in_addr address{};
    uint32_t prefix = 32;
    if (inet_pton(AF_INET, part.substr(0, slash).c_str(), &address) != 1) return Bad(text);
    if (slash != std::string::npos && !ParseNumber(part.substr(slash + 1), prefix)) {
      return Bad(text);
    }
    if (prefix < 16 || prefix > 32) return Bad(text);
    const uint32_t size = 1u << (32 - prefix);
    const uint32_t first = ntohl(address.s_addr) & ~(size - 1);
    const uint32_t edge = size > 2 ? 1 : 0;
    for (uint32_t i = edge; i < size - edge; ++i) sources.push_back(htonl(first + i));
    if (sources.size() > kSourcesMax) return Bad(text);
  }
  return sources;
}

}  // namespace ringmq::bench
