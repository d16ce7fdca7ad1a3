// SPDX-License-Identifier: Apache-2.0
#include "complaint.h"

#include <optional>

namespace ringmq::cli {
namespace {

// What the library calls it, and which option that is.
struct Name {
  std::string_view start;  // Of the library's sentence.
  OptionId id;
  // Of a property: which one of -D, and its example.
  const char* property = nullptr;
  const char* example = nullptr;
};
constexpr Name kNames[] = {
    {"client_id: ", OptionId::kId},
    {"username: ", OptionId::kUsername},
    {"password: ", OptionId::kPassword},
    {"will: ", OptionId::kWillTopic},
    {"proxy: ", OptionId::kProxy},
    {"proxy.tls: ", OptionId::kProxy},
    {"servers: ", OptionId::kHost},
    {"socket.bind_address: ", OptionId::kBind},
    {"pre-shared key: ", OptionId::kPsk},
    {"receive_maximum: ", OptionId::kProperty, "receive-maximum", "20"},
    {"incoming_packet_bytes_max: ", OptionId::kProperty, "maximum-packet-size", "65536"},
    {"connect_user_properties: ", OptionId::kProperty, "user-property", "site north"},
};

std::string TypedOf(const OptionSpec& spec) {
  return spec.letter != 0 ? std::string("-") + spec.letter : "--" + std::string(spec.name);
}

// The option that gave the longest file name that the sentence mentions.
std::optional<OptionId> FileOptionIn(const TlsOptions& tls, std::string_view detail) {
  const std::pair<const std::string&, OptionId> kFiles[] = {
      {tls.ca_file, OptionId::kCaFile},
      {tls.ca_path, OptionId::kCaPath},
      {tls.certificate_file, OptionId::kCert},
      {tls.key_file, OptionId::kKey},
  };
  std::optional<OptionId> found;
  size_t length = 0;
  for (const auto& [path, id] : kFiles) {
    if (path.size() <= length || detail.find(path) == std::string_view::npos) continue;
    found = id;
    length = path.size();
  }
  return found;
}

std::string Explained(Command command, OptionId id, std::string_view property,
                      std::string_view example, std::string_view why) {
  const OptionSpec& spec = SpecOf(id);
  std::string typed = TypedOf(spec);
  if (!property.empty()) typed += " connect " + std::string(property);
  std::string text = typed + ": " + std::string(why);
  if (example.empty() && spec.example != nullptr) example = spec.example;
  return text + "\nFor example: ringmq " + NameOf(command) + " " + typed + " " +
         std::string(example);
}

}  // namespace

std::string InTermsOfOptions(const Settings& settings, std::string_view detail) {
  for (const Name& name : kNames) {
    if (!detail.starts_with(name.start)) continue;
    const std::string_view why = detail.substr(name.start.size());
    return Explained(settings.command, name.id, name.property == nullptr ? "" : name.property,
                     name.example == nullptr ? "" : name.example, why);
  }
  if (detail.starts_with("wrong password")) {
    return Explained(settings.command, OptionId::kKeyPassword, "", "", detail);
  }
  if (const auto id = FileOptionIn(settings.client.tls, detail)) {
    return Explained(settings.command, *id, "", "", detail);
  }
  const TlsOptions& tls = settings.client.tls;
  if (!tls.ciphers.empty() && detail.find("cipher") != std::string_view::npos) {
    return Explained(settings.command, OptionId::kCiphers, "", "", detail);
  }
  if (!tls.alpn.empty() && detail.find("ALPN") != std::string_view::npos) {
    return Explained(settings.command, OptionId::kTlsAlpn, "", "", detail);
  }
  return std::string(detail);
}

}  // namespace ringmq::cli
