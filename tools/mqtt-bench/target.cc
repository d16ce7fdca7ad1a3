// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "transport/tls_client_context.h"
#include "transport/websocket_layer.h"

namespace ringmq::bench {
namespace {

struct Scheme {
  std::string_view name;
  const char* port = "";
  bool has_tls = false;
  bool is_web = false;
};
constexpr Scheme kSchemes[] = {{"mqtt", "1883"},
                               {"mqtts", "8883", true},
                               {"ws", "80", false, true},
                               {"wss", "443", true, true}};

struct Place {
  Scheme scheme;
  std::string host;
  std::string port;
  std::string path = "/mqtt";  // Of WebSocket.
  uint16_t port_number = 0;
};

absl::Status Bad(const std::string& url, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--url: '", url, "': ", std::string(why),
                                                 "; for example --url mqtts://127.0.0.1:8883"));
}

absl::StatusOr<Place> Split(const std::string& url) {
  const size_t separator = url.find("://");
  Place place;
  for (const Scheme& scheme : kSchemes) {
    if (url.compare(0, separator, scheme.name) == 0) place.scheme = scheme;
  }
  if (separator == std::string::npos || place.scheme.name.empty()) {
    return Bad(url, "expected mqtt, mqtts, ws, wss or unix, and ://");
  }
  std::string rest = url.substr(separator + 3);
  if (const size_t slash = rest.find('/'); slash != std::string::npos) {
    if (slash + 1 < rest.size()) place.path = rest.substr(slash);
    if (slash + 1 < rest.size() && !place.scheme.is_web) {
      return Bad(url, "only WebSocket has a path");
    }
    rest.resize(slash);
  }
  place.port = place.scheme.port;
  if (const size_t colon = rest.rfind(':');
      colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
    place.port = rest.substr(colon + 1);
    rest.resize(colon);
  }
  if (!rest.empty() && rest.front() == '[') rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return Bad(url, "there is no host");
  uint64_t port = 0;
  const auto [end, error] =
      std::from_chars(place.port.data(), place.port.data() + place.port.size(), port);
  const bool is_whole = error == std::errc() && end == place.port.data() + place.port.size();
  if (!is_whole || port == 0 || port > UINT16_MAX) return Bad(url, "a port is 1 to 65535");
  place.port_number = static_cast<uint16_t>(port);
  place.host = std::move(rest);
  return place;
}

absl::Status Resolve(const std::string& url, const Place& place, load::Plan& plan) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
  if (result != 0) return Bad(url, gai_strerror(result));
  std::memcpy(&plan.target, found->ai_addr, found->ai_addrlen);
  plan.target_size_bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return absl::OkStatus();
}

absl::Status SetUnixTarget(const std::string& url, std::string path, load::Plan& plan) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path)) {
    return Bad(url, "a path of 2 to 107 bytes is needed");
  }
  if (is_abstract) path[0] = '\0';
  std::memcpy(address.sun_path, path.data(), path.size());
  static_assert(sizeof(address) <= sizeof(plan.target));
  std::memcpy(&plan.target, &address, sizeof(address));
  const size_t final_zero = is_abstract ? 0 : 1;
  plan.target_size_bytes =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + final_zero);
  return absl::OkStatus();
}

// So many different certificates a run may have: each is a context of some 100 KB.
constexpr uint32_t kCertificatesMax = 1'000;

using Contexts = std::vector<transport::TlsClientContextPtr>;

absl::StatusOr<transport::TlsClientContextPtr> MakeContext(const Settings& settings, bool is_web,
                                                           uint32_t number) {
  transport::TlsClientOptions options;
  options.trust.ca_file = settings.ca_file;
  options.key_pair = {.certificate_file = load::Fill(settings.certificate_file, number),
                      .key_file = load::Fill(settings.key_file, number)};
  options.insecure = settings.insecure;
  options.protocol.alpn = {is_web ? "http/1.1" : "mqtt"};
  options.protocol.keylog_file = settings.keylog_file;
  options.resume = settings.tls_resume;
  options.protocol.record_layer = transport::TlsRecordLayer::kOwn;
  options.tickets_reused = true;  // Thousands of clients that come back, with one memory.
  return transport::TlsClientContext::Make(options);
}

// One, or one for each certificate that there is.
absl::StatusOr<Contexts> MakeContexts(const Settings& settings, bool is_web) {
  const bool is_one = settings.certificate_file.find("{i}") == std::string::npos;
  Contexts contexts;
  for (uint32_t number = 0; number < (is_one ? 1 : kCertificatesMax); ++number) {
    const std::string file = load::Fill(settings.certificate_file, number);
    if (number > 0 && access(file.c_str(), F_OK) != 0) break;
    auto made = MakeContext(settings, is_web, number);
    if (!made.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("TLS: ", std::string(made.status().message()),
                                                     "; for example --ca ca.pem --url mqtts://h"));
    }
    contexts.push_back(*std::move(made));
  }
  return contexts;
}

std::unique_ptr<transport::Layer> MakeWebSocket(const Place& place, int version, uint64_t seed) {
  transport::UpgradeOffer offer;
  offer.host = transport::HostField(place.host, place.port_number, place.scheme.has_tls);
  offer.path = place.path;
  offer.subprotocol = version == 3 ? "mqttv3.1" : "mqtt";
  return transport::MakeWebSocketClient(std::move(offer), seed);
}

}  // namespace

absl::Status SetTarget(const Settings& settings, load::Plan& plan) {
  constexpr std::string_view kUnix = "unix://";
  if (settings.url.starts_with(kUnix)) {
    return SetUnixTarget(settings.url, settings.url.substr(kUnix.size()), plan);
  }
  const absl::StatusOr<Place> place = Split(settings.url);
  if (!place.ok()) return place.status();
  if (absl::Status status = Resolve(settings.url, *place, plan); !status.ok()) return status;
  const Scheme& scheme = place->scheme;
  if (!scheme.has_tls && !scheme.is_web) return absl::OkStatus();
  Contexts contexts;
  if (scheme.has_tls) {
    auto made = MakeContexts(settings, scheme.is_web);
    if (!made.ok()) return made.status();
    contexts = *std::move(made);
  }
  plan.make_layers = [contexts = std::move(contexts), place = *place, version = settings.version](
                         uint32_t number, uint64_t seed) {
    load::MadeLayers made;
    if (!contexts.empty()) {
      made.layers.push_back(transport::MakeClientLayer(contexts[number % contexts.size()],
                                                       place.host, place.port_number));
      made.tls = made.layers.back().get();
    }
    if (place.scheme.is_web) made.layers.push_back(MakeWebSocket(place, version, seed));
    return made;
  };
  return absl::OkStatus();
}

}  // namespace ringmq::bench
