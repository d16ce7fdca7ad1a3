// SPDX-License-Identifier: Apache-2.0
#include "client/proxy_source.h"

#include <charconv>

namespace ringmq::client {

std::optional<ProxySource> ParseProxySource(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool is_v6 = host.size() > 1 && host.front() == '[' && host.back() == ']';
  const auto address = is_v6 ? base::IpAddress::ParseV6(host.substr(1, host.size() - 2))
                             : base::IpAddress::ParseV4(host);
  if (!address.has_value()) return std::nullopt;
  ProxySource source{.address = *address};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), source.port);
  const bool is_whole = error == std::errc() && end == port.data() + port.size();
  if (!is_whole || source.port == 0) return std::nullopt;
  return source;
}

}  // namespace ringmq::client
