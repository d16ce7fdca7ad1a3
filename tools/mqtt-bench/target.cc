// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/ip_address.h"
#include "base/scoped_fd.h"
#include "transport/proxy_layer.h"
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
  if (rest.find('@') != std::string::npos) {
    return absl::InvalidArgumentError(
        "--url: names and passwords are not part of it, since reports show it; for example --user "
        "bench --pass secret");
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

// Whether somebody listens there, as far as that is known after a second.
bool Accepts(const addrinfo& address) {
  const base::ScopedFd socket(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return false;
  if (connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd writable{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  constexpr int kPatienceMs = 1000;
  if (poll(&writable, 1, kPatienceMs) <= 0) return false;
  int error = 0;
  socklen_t size_bytes = sizeof(error);
  return getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size_bytes) == 0 && error == 0;
}

// Of a name with several addresses the first where somebody listens: "localhost" may be ::1, too.
absl::Status Resolve(const std::string& url, const Place& place, load::Target& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int result = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
  if (result != 0) return Bad(url, gai_strerror(result));
  const addrinfo* chosen = found;
  if (found->ai_next != nullptr) {
    while (chosen != nullptr && !Accepts(*chosen)) chosen = chosen->ai_next;
    if (chosen == nullptr) chosen = found;
  }
  std::memcpy(&target.address, chosen->ai_addr, chosen->ai_addrlen);
  target.size_bytes = chosen->ai_addrlen;
  freeaddrinfo(found);
  return absl::OkStatus();
}

absl::Status SetUnixTarget(const std::string& url, std::string path, load::Target& target) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool is_abstract = path.starts_with('@');
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path)) {
    return Bad(url, "a path of 2 to 107 bytes is needed");
  }
  if (is_abstract) path[0] = '\0';
  std::memcpy(address.sun_path, path.data(), path.size());
  static_assert(sizeof(address) <= sizeof(target.address));
  std::memcpy(&target.address, &address, sizeof(address));
  const size_t final_zero = is_abstract ? 0 : 1;
  target.size_bytes =
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
  options.psk_identity = settings.psk_identity;
  options.psk_hex_key = settings.psk_hex_key;
  options.protocol.alpn = {is_web ? "http/1.1" : "mqtt"};
  options.protocol.keylog_file = settings.keylog_file;
  options.resume = settings.tls_resume;
  options.protocol.record_layer = transport::TlsRecordLayer::kOwn;
  options.tickets_reused = true;  // Thousands of clients that come back, with one memory.
  return transport::TlsClientContext::Make(options);
}

// One, or one for each certificate that there is.
absl::StatusOr<Contexts> MakeContexts(const Settings& settings, bool is_web) {
  if (settings.psk_identity.empty() != settings.psk_hex_key.empty()) {
    return absl::InvalidArgumentError(
        "--psk and --psk-identity go together; for example --psk-identity me --psk "
        "00112233445566778899aabbccddeeff");
  }
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

// The address `number` behind the first one, in the lower 32 bits.
base::IpAddress Nth(const base::IpAddress& first, uint32_t number) {
  std::array<uint8_t, base::IpAddress::kV6Bytes> bytes{};
  std::copy(first.v6_bytes().begin(), first.v6_bytes().end(), bytes.begin());
  uint32_t low = 0;
  for (size_t i = bytes.size() - sizeof(low); i < bytes.size(); ++i) low = low << 8 | bytes[i];
  low += number;
  for (size_t i = bytes.size(); i-- > bytes.size() - sizeof(low); low >>= 8) {
    bytes[i] = static_cast<uint8_t>(low);
  }
  return base::IpAddress::FromV6(bytes);
}

// What the clients' PROXY headers say.
struct Announcement {
  int version = 0;  // 0: there is none.
  base::IpAddress first;
  uint16_t port = 0;  // Where they go.
};

absl::StatusOr<Announcement> MakeAnnouncement(const Settings& settings, uint16_t port) {
  const auto first = base::IpAddress::Parse(settings.proxy_source);
  if (!first.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("--proxy-source: '", settings.proxy_source,
                                                   "' is no IP address; for example "
                                                   "--proxy-source 198.18.0.1"));
  }
  return Announcement{settings.proxy_protocol, *first, port};
}

std::unique_ptr<transport::Layer> MakeProxyHeader(const Announcement& announcement,
                                                  uint32_t number) {
  constexpr uint32_t kFirstPort = 1024;
  const auto loopback = base::IpAddress::Parse(announcement.first.is_v4() ? "127.0.0.1" : "::1");
  const transport::ProxyHeader header = {
      .family = transport::ProxyHeader::Family::kIp,
      .source = Nth(announcement.first, number),
      .destination = *loopback,
      .source_port = static_cast<uint16_t>(kFirstPort + number % (UINT16_MAX - kFirstPort)),
      .destination_port = announcement.port};
  const transport::ProxyVersion version =
      announcement.version == 1 ? transport::ProxyVersion::kV1 : transport::ProxyVersion::kV2;
  return std::make_unique<transport::ProxyClientLayer>(header,
                                                       transport::ProxyWriting{.version = version});
}

}  // namespace

absl::StatusOr<load::Target> MakeTarget(const Settings& settings, const std::string& url) {
  constexpr std::string_view kUnix = "unix://";
  load::Target target;
  Place place;
  if (url.starts_with(kUnix)) {
    absl::Status status = SetUnixTarget(url, url.substr(kUnix.size()), target);
    if (!status.ok()) return status;
  } else {
    absl::StatusOr<Place> split = Split(url);
    if (!split.ok()) return split.status();
    place = *std::move(split);
    if (absl::Status status = Resolve(url, place, target); !status.ok()) return status;
  }
  const absl::StatusOr<Announcement> announcement = MakeAnnouncement(settings, place.port_number);
  if (!announcement.ok()) return announcement.status();
  const Scheme& scheme = place.scheme;
  if (announcement->version == 0 && !scheme.has_tls && !scheme.is_web) return target;
  Contexts contexts;
  if (scheme.has_tls) {
    auto made = MakeContexts(settings, scheme.is_web);
    if (!made.ok()) return made.status();
    contexts = *std::move(made);
  }
  target.make_layers = [contexts = std::move(contexts), place = std::move(place),
                        announcement = *announcement,
                        version = settings.version](uint32_t number, uint64_t seed) {
    load::MadeLayers made;
    if (announcement.version > 0) made.layers.push_back(MakeProxyHeader(announcement, number));
    if (!contexts.empty()) {
      made.layers.push_back(transport::MakeClientLayer(contexts[number % contexts.size()],
                                                       place.host, place.port_number));
      made.tls = made.layers.back().get();
    }
    if (place.scheme.is_web) made.layers.push_back(MakeWebSocket(place, version, seed));
    return made;
  };
  return target;
}

absl::Status SetTargets(const Settings& settings, load::Plan& plan) {
  for (const std::string& url : settings.urls) {
    absl::StatusOr<load::Target> target = MakeTarget(settings, url);
    if (!target.ok()) return target.status();
    plan.targets.push_back(*std::move(target));
  }
  return absl::OkStatus();
}

}  // namespace ringmq::bench
