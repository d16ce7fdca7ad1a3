// SPDX-License-Identifier: Apache-2.0
#include "broker/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/address_set.h"
#include "base/utf8.h"
#include "broker/config_fields.h"
#include "broker/limits.h"
#include "broker/password_hash.h"
#include "broker/text_file.h"

namespace ringmq::broker {
namespace {

constexpr std::string_view kVersion31 = "3.1";
constexpr std::string_view kVersion311 = "3.1.1";
constexpr std::string_view kVersion5 = "5";

using Errors = std::vector<std::string>;

// sockaddr_un holds 108, and a final zero.
constexpr size_t kUnixPathBytesMax = 107;

// Ranges of every field in `fields`. `object` is a copy: the table only knows how to point.
template <typename Object>
void CheckRanges(std::string_view where, std::span<const ConfigField<Object>> fields, Object object,
                 Errors& errors) {
  for (const ConfigField<Object>& field : fields) {
    if (IsInRange(field, object)) continue;
    errors.push_back(fmt::format("{}.{}: expected {}, found {}", where, field.name,
                                 ExpectedText(field), ValueText(field, object)));
  }
}

bool IsNumericAddress(const std::string& address) {
  in6_addr storage;  // The larger of the two.
  return ::inet_pton(AF_INET, address.c_str(), &storage) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), &storage) == 1;
}

void CheckAddress(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  if (IsUnixAddress(listener.address)) {
    const size_t size_bytes = listener.address.size() - kUnixPrefix.size();
    if (size_bytes >= 2 && size_bytes <= kUnixPathBytesMax) return;
    errors.push_back(fmt::format("{}.address: expected unix: and a path of 2 to {} bytes, found {}",
                                 where, kUnixPathBytesMax, Quote(listener.address)));
  } else if (!IsNumericAddress(listener.address)) {
    errors.push_back(
        fmt::format("{}.address: expected a numeric address like \"127.0.0.1\" "
                    "or \"::1\", or \"unix:/path\", found {}",
                    where, Quote(listener.address)));
  }
}

void CheckUnixFile(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  const bool is_abstract = listener.address.starts_with(std::string(kUnixPrefix) + "@");
  if (is_abstract) {
    for (const auto& [key, value] : {std::pair("unix_mode", &listener.unix_mode),
                                     std::pair("unix_owner", &listener.unix_owner),
                                     std::pair("unix_group", &listener.unix_group)}) {
      if (value->empty()) continue;
      errors.push_back(
          fmt::format("{}.{}: expected a path as address beside it, for an abstract name has no "
                      "file and lets everybody in, found {}",
                      where, key, Quote(listener.address)));
    }
  }
  const std::string& mode = listener.unix_mode;
  if (mode.empty()) return;
  const bool is_octal = mode.size() >= 3 && mode.size() <= 4 &&
                        mode.find_first_not_of("01234567") == std::string::npos;
  if (is_octal) return;
  errors.push_back(fmt::format("{}.unix_mode: expected octal digits like \"0660\", found {}", where,
                               Quote(mode)));
}

void CheckTls(const std::string& where, const ListenerTlsConfig& tls, Errors& errors) {
  if (tls.use == TlsUse::kOff) {
    if (tls == ListenerTlsConfig{}) return;
    errors.push_back(
        fmt::format("{}.tls: expected \"required\" or \"optional\" beside other keys of TLS, found "
                    "\"off\"",
                    where));
    return;
  }
  if (tls.certificate_files.empty() && tls.psk_file.empty()) {
    errors.push_back(fmt::format(
        "{}.tls_certificate_files: expected one file or more, or tls_psk_file, found neither",
        where));
  }
  if (!tls.key_files.empty() && tls.key_files.size() != tls.certificate_files.size()) {
    errors.push_back(
        fmt::format("{}.tls_key_files: expected as many as certificates ({}), or none, found {}",
                    where, tls.certificate_files.size(), tls.key_files.size()));
  }
  const bool has_authority = !tls.ca_file.empty() || !tls.ca_path.empty();
  if (tls.client_certificates != TlsClientCertificates::kOff && !has_authority) {
    errors.push_back(fmt::format(
        "{}.tls_ca_file: expected the authorities of client certificates here or in tls_ca_path, "
        "found neither",
        where));
  }
}

void CheckVersions(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  for (const std::string& version : listener.protocol_versions) {
    if (version == kVersion31 || version == kVersion311 || version == kVersion5) continue;
    errors.push_back(
        fmt::format("{}.protocol_versions: expected \"3.1\", \"3.1.1\" or \"5\", found {}", where,
                    Quote(version)));
  }
  if (!listener.protocol_versions.empty()) return;
  errors.push_back(fmt::format("{}.protocol_versions: expected one or more, found none", where));
}

void CheckMountPoint(const std::string& where, const std::string& mount_point, Errors& errors) {
  if (mount_point.empty()) return;
  const bool is_mount_point = mount_point.ends_with('/') && !mount_point.starts_with('$') &&
                              mount_point.find_first_of("+#") == std::string::npos &&
                              mount_point.size() <= kMountPointBytesMax &&
                              base::IsValidUtf8(mount_point);
  if (is_mount_point) return;
  errors.push_back(
      fmt::format("{}.mount_point: expected a topic of at most {} bytes that ends with / and does "
                  "not begin with $, like \"plant-7/\", found {}",
                  where, kMountPointBytesMax, Quote(mount_point)));
}

void CheckSocket(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  if (listener.dual_stack && listener.address != "::") {
    errors.push_back(fmt::format("{}.dual_stack: expected the address \"::\" beside it, found {}",
                                 where, Quote(listener.address)));
  }
  constexpr size_t kDeviceNameBytesMax = 15;  // IFNAMSIZ and a final zero.
  if (listener.bind_device.size() > kDeviceNameBytesMax) {
    errors.push_back(fmt::format("{}.bind_device: expected at most {} bytes, found {}", where,
                                 kDeviceNameBytesMax, Quote(listener.bind_device)));
  }
}

void CheckProxies(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  base::AddressSet trusted;
  for (const std::string& block : listener.trusted_proxies) {
    const std::string complaint = trusted.Add(block);
    if (complaint.empty()) continue;
    errors.push_back(
        fmt::format("{}.trusted_proxies: {}, found {}", where, complaint, Quote(block)));
  }
  if (listener.proxy_protocol == ProxyProtocol::kOff || !listener.trusted_proxies.empty()) return;
  errors.push_back(fmt::format(
      "{}.trusted_proxies: expected addresses like \"127.0.0.1\" beside proxy_protocol, found none",
      where));
}

void CheckWebSocket(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  for (const std::string& path : listener.websocket_paths) {
    // What a request has behind its host, up to "?".
    if (path.starts_with('/') && path.find_first_of(" ?#") == std::string::npos) continue;
    errors.push_back(
        fmt::format("{}.websocket_paths: expected a path that begins with /, like \"/mqtt\", and "
                    "has no blank, ? or #, found {}",
                    where, Quote(path)));
  }
}

void CheckIdentity(const std::string& where, const ListenerConfig& listener, Errors& errors) {
  switch (listener.identity) {
    case IdentitySource::kNone:
      if (listener.identity_as == IdentityUse::kUsername) return;
      errors.push_back(
          fmt::format("{}.identity: expected one beside identity_as, found \"none\"", where));
      return;
    case IdentitySource::kUnixUser:
      if (IsUnixAddress(listener.address)) return;
      errors.push_back(fmt::format(
          "{}.identity: expected unix_user for an address that begins with unix: only, found {}",
          where, Quote(listener.address)));
      return;
    case IdentitySource::kCertificateCn:
    case IdentitySource::kCertificateDn:
    case IdentitySource::kCertificateSan:
      break;
  }
  const ListenerTlsConfig& tls = listener.tls;
  const bool may_prove =
      tls.client_certificates != TlsClientCertificates::kOff || !tls.psk_file.empty();
  if (tls.use != TlsUse::kOff && may_prove) return;
  // A proxy may have seen the certificate.
  if (listener.proxy_protocol != ProxyProtocol::kOff) {
    if (listener.identity == IdentitySource::kCertificateCn) return;
    errors.push_back(fmt::format(
        "{}.identity: expected certificate_cn, the only name that a PROXY header has, or "
        "tls_client_certificates beside it, found neither",
        where));
    return;
  }
  errors.push_back(
      fmt::format("{}.identity: expected tls_client_certificates or tls_psk_file beside it, found "
                  "neither",
                  where));
}

void CheckListeners(const Config& config, Errors& errors) {
  if (config.listeners.empty() || config.listeners.size() > kListenersMax) {
    errors.push_back(fmt::format("listeners: expected 1 to {} of them, found {}", kListenersMax,
                                 config.listeners.size()));
  }
  std::set<std::pair<std::string, uint16_t>> seen;
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    const std::string where = fmt::format("listeners[{}]", i);
    CheckRanges(where, ListenerFields(), listener, errors);
    CheckAddress(where, listener, errors);
    CheckTls(where, listener.tls, errors);
    CheckVersions(where, listener, errors);
    CheckMountPoint(where, listener.mount_point, errors);
    CheckSocket(where, listener, errors);
    CheckProxies(where, listener, errors);
    CheckWebSocket(where, listener, errors);
    CheckIdentity(where, listener, errors);
    if (IsUnixAddress(listener.address)) {
      CheckUnixFile(where, listener, errors);
    } else if (listener.port == 0) {
      continue;  // Each gets a port of its own.
    }
    if (!seen.emplace(listener.address, listener.port).second) {
      errors.push_back(
          fmt::format("{}: expected an address and port of its own, found {} port "
                      "{} again",
                      where, listener.address, listener.port));
    }
  }
}

void CheckSecret(std::string_view where, const UserConfig& user, Errors& errors) {
  if (user.password_hash.empty() == user.password.empty()) {
    errors.push_back(fmt::format("{}: expected one of password_hash and password, found {}", where,
                                 user.password.empty() ? "none" : "both"));
    return;
  }
  if (user.password_hash.empty()) return;
  const auto hash = PasswordHash::Parse(user.password_hash);
  if (hash.ok()) return;
  const auto reason = hash.status().message();
  errors.push_back(
      fmt::format("{}.password_hash: {}", where, std::string_view(reason.data(), reason.size())));
}

void CheckUsers(const Config& config, Errors& errors) {
  if (config.users.size() > kConfigUsersMax) {
    errors.push_back(
        fmt::format("users: expected at most {} (use auth.password_file for more), "
                    "found {}",
                    kConfigUsersMax, config.users.size()));
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < config.users.size(); ++i) {
    const UserConfig& user = config.users[i];
    const std::string where = fmt::format("users[{}]", i);
    if (user.name.empty() || user.name.size() > kMqttStringBytesMax) {
      errors.push_back(fmt::format("{}.name: expected 1 to {} bytes, found {}", where,
                                   kMqttStringBytesMax, user.name.size()));
    }
    if (!seen.insert(user.name).second) {
      errors.push_back(fmt::format("{}.name: expected a name of its own, found {} again", where,
                                   Quote(user.name)));
    }
    CheckSecret(where, user, errors);
  }
}

// Limits that are legal one by one and contradict each other together.
void CheckRelations(const LimitsConfig& limits, Errors& errors) {
  if (limits.packet_size_bytes_max_before_connect > limits.packet_size_bytes_max) {
    errors.push_back(
        fmt::format("limits.packet_size_bytes_max_before_connect: expected at most "
                    "packet_size_bytes_max ({}), found {}",
                    limits.packet_size_bytes_max, limits.packet_size_bytes_max_before_connect));
  }
  if (limits.output_bytes_high_mark > limits.output_bytes_max) {
    errors.push_back(fmt::format(
        "limits.output_bytes_high_mark: expected at most output_bytes_max ({}), found {}",
        limits.output_bytes_max, limits.output_bytes_high_mark));
  }
}

}  // namespace

absl::Status Validate(const Config& config) {
  Errors errors;
  for (const ConfigSection& section : ConfigSections()) {
    CheckRanges(section.name, section.fields, config, errors);
  }
  CheckRelations(config.limits, errors);
  CheckListeners(config, errors);
  CheckUsers(config, errors);
  if (errors.empty()) return absl::OkStatus();
  errors.resize(std::min(errors.size(), kConfigErrorsMax));
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(errors, "\n")));
}

bool IsUnixAddress(const std::string& address) { return address.starts_with(kUnixPrefix); }

bool IsLoopbackAddress(const std::string& address) {
  if (IsUnixAddress(address)) return true;
  in_addr v4;
  // All of 127.0.0.0/8.
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

bool AllowsVersion(const ListenerConfig& listener, ProtocolVersion version) {
  const auto has = [&listener](std::string_view name) {
    return std::ranges::find(listener.protocol_versions, name) != listener.protocol_versions.end();
  };
  switch (version) {
    case ProtocolVersion::kV31:
      return has(kVersion31);
    case ProtocolVersion::kV311:
      return has(kVersion311);
    case ProtocolVersion::kV5:
      return has(kVersion5);
  }
  return false;
}

ClientLimits ClientLimitsOf(const Config& config, const ListenerConfig* listener) {
  ClientLimits limits{.packet_size_bytes_max = config.limits.packet_size_bytes_max,
                      .keep_alive_s_max = config.mqtt.keep_alive_s_max,
                      .qos_max = config.mqtt.qos_max,
                      .session_expiry_s_max = config.mqtt.session_expiry_s_max};
  if (listener == nullptr) return limits;
  limits.packet_size_bytes_max =
      std::min(limits.packet_size_bytes_max, listener->packet_size_bytes_max);
  const uint16_t keep_alive_s = listener->keep_alive_s_max;
  if (limits.keep_alive_s_max == 0 ||
      (keep_alive_s != 0 && keep_alive_s < limits.keep_alive_s_max)) {
    limits.keep_alive_s_max = keep_alive_s;
  }
  limits.qos_max = std::min(limits.qos_max, listener->qos_max);
  limits.session_expiry_s_max =
      std::min(limits.session_expiry_s_max, listener->session_expiry_s_max);
  return limits;
}

bool AllowsAnonymous(const ListenerConfig& listener) {
  switch (listener.allow_anonymous) {
    case AllowAnonymous::kOnLoopback:
      // A proxy on this machine speaks for clients from anywhere.
      return IsLoopbackAddress(listener.address) && listener.trusted_proxies.empty();
    case AllowAnonymous::kAlways:
      return true;
    case AllowAnonymous::kNever:
      return false;
  }
  return false;  // Not an enumerator: Validate() refuses it.
}

}  // namespace ringmq::broker
