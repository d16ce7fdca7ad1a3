// Addresses as the command line takes them: -L and --proxy.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ringmq/expected.h"
#include "ringmq/options.h"

namespace ringmq::cli {

struct ServerUrl {
  Endpoint endpoint{};
  std::optional<std::string> username{};
  std::optional<std::string> password{};
  std::string topic{};  // Empty: none.
};

// mqtt(s)://[user[:password]@]host[:port][/topic], ws(s)://...[/path], unix:///path. "%41" is "A"
// in user and password only: topics are taken as they are, '#' included, as mosquitto does.
[[nodiscard]] Expected<ServerUrl> ParseServerUrl(std::string_view url);

// socks5h://[user[:password]@]host[:port] (1080) and http://... (8080).
[[nodiscard]] Expected<ProxyOptions> ParseProxyUrl(std::string_view url);

// Whether a server or a proxy can be called so: a name or an address, and nothing that a request to
// a proxy would take for something else.
[[nodiscard]] Expected<void> CheckHost(std::string_view host);

// 1 to 65535.
[[nodiscard]] std::optional<uint16_t> ParsePort(std::string_view text);

}  // namespace ringmq::cli
