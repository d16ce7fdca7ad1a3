// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/utf8.h"

namespace ringmq::transport {
namespace {

using base::IpAddress;
using Bytes = std::span<const uint8_t>;

constexpr size_t kTlvHeadBytes = 3;
constexpr size_t kTlsHeadBytes = 5;  // Client flags and the result of verification.
constexpr size_t kChecksumBytes = 4;

ProxyParse Refuse(ProxyError error) { return {.status = ProxyParse::kRefused, .error = error}; }

std::string_view AsText(Bytes bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

uint16_t ReadU16(Bytes bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

uint32_t ReadU32(Bytes bytes) { return uint32_t{ReadU16(bytes)} << 16 | ReadU16(bytes.subspan(2)); }

bool IsCleanText(std::string_view text) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  return base::IsValidUtf8(text) && std::ranges::none_of(text, is_control);
}

// ---- Version 1.

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  return port;
}

// "192.0.2.7 198.51.100.1 51234 1883"
ProxyParse ParseV1Addresses(std::string_view text, size_t size_bytes,
                            std::optional<IpAddress> (*parse)(std::string_view)) {
  std::array<std::string_view, 4> fields;
  if (std::ranges::count(text, ' ') != fields.size() - 1) return Refuse(ProxyError::kFields);
  for (std::string_view& field : fields) {
    const size_t space = std::min(text.find(' '), text.size());
    field = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  const std::optional<IpAddress> source = parse(fields[0]);
  const std::optional<IpAddress> destination = parse(fields[1]);
  if (!source || !destination) return Refuse(ProxyError::kAddress);
  const std::optional<uint16_t> source_port = ParsePort(fields[2]);
  const std::optional<uint16_t> destination_port = ParsePort(fields[3]);
  if (!source_port || !destination_port) return Refuse(ProxyError::kPort);
  return {.status = ProxyParse::kDone,
          .size_bytes = size_bytes,
          .header = {.family = ProxyHeader::Family::kIp,
                     .source = *source,
                     .destination = *destination,
                     .source_port = *source_port,
                     .destination_port = *destination_port}};
}

ProxyParse ParseV1(std::string_view text) {
  text = text.substr(0, kProxyV1BytesMax);
  const size_t end = text.find_first_of("\r\n");
  const bool is_full = text.size() == kProxyV1BytesMax;
  if (end == std::string_view::npos)
    return is_full ? Refuse(ProxyError::kLineTooLong) : ProxyParse();
  // "Must not tolerate a single CR or LF." s2.1
  if (text[end] == '\n') return Refuse(ProxyError::kLineEnd);
  if (end + 1 == text.size()) return is_full ? Refuse(ProxyError::kLineTooLong) : ProxyParse();
  if (text[end + 1] != '\n') return Refuse(ProxyError::kLineEnd);

  const std::string_view line = text.substr(0, end).substr(kProxyV1Signature.size());
  const size_t space = line.find(' ');
  const std::string_view protocol = line.substr(0, space);
  const std::string_view rest =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  // "The receiver must ignore anything presented before the CRLF." s2.1
  if (protocol == "UNKNOWN") return {.status = ProxyParse::kDone, .size_bytes = end + 2};
  if (protocol == "TCP4") return ParseV1Addresses(rest, end + 2, IpAddress::ParseV4);
  if (protocol == "TCP6") return ParseV1Addresses(rest, end + 2, IpAddress::ParseV6);
  return Refuse(ProxyError::kProtocol);
}

// ---- Version 2.

enum Command : uint8_t { kLocal = 0, kProxy = 1 };
enum Transport : uint8_t { kUnspecified = 0, kStream = 1, kDatagram = 2 };
// Of source and destination together, by family: none, IPv4, IPv6, Unix.
constexpr std::array<size_t, 4> kAddressBytes = {0, 12, 36, 2 * kProxyPathBytes};

struct Tlv {
  ProxyTlv type{};
  Bytes value;
};

// Takes one TLV off the front; nothing if it reaches beyond the end.
std::optional<Tlv> TakeTlv(Bytes& bytes) {
  if (bytes.size() < kTlvHeadBytes) return std::nullopt;
  const size_t size_bytes = ReadU16(bytes.subspan(1));
  if (bytes.size() - kTlvHeadBytes < size_bytes) return std::nullopt;
  const Tlv tlv{static_cast<ProxyTlv>(bytes[0]), bytes.subspan(kTlvHeadBytes, size_bytes)};
  bytes = bytes.subspan(kTlvHeadBytes + size_bytes);
  return tlv;
}

// Which types were there. Two of one would leave open who somebody is.
class Seen {
 public:
  // False if it was there before.
  [[nodiscard]] bool Note(ProxyTlv type) {
    const uint64_t bit = uint64_t{1} << static_cast<uint8_t>(type);
    const bool is_new = (bits_ & bit) == 0;
    bits_ |= bit;
    return is_new;
  }

 private:
  uint64_t bits_ = 0;
};

ProxyError ReadText(Bytes value, std::string_view& text) {
  text = AsText(value);
  return IsCleanText(text) ? ProxyError::kNone : ProxyError::kText;
}

ProxyError ReadTlsTlv(const Tlv& tlv, Seen& seen, ProxyTls& tls) {
  std::string_view* text = nullptr;
  if (tlv.type == ProxyTlv::kTlsVersion) text = &tls.version;
  if (tlv.type == ProxyTlv::kTlsCipher) text = &tls.cipher;
  if (tlv.type == ProxyTlv::kTlsCommonName) text = &tls.common_name;
  if (text == nullptr) return ProxyError::kNone;
  return seen.Note(tlv.type) ? ReadText(tlv.value, *text) : ProxyError::kTlvTwice;
}

ProxyError ReadTls(Bytes value, ProxyTls& tls) {
  enum Client : uint8_t { kTlsUsed = 1, kCertificateNow = 2, kCertificateInSession = 4 };
  if (value.size() < kTlsHeadBytes) return ProxyError::kTlvSize;
  const uint8_t client = value[0];
  tls.used = (client & kTlsUsed) != 0;
  tls.certificate_shown = tls.used && (client & (kCertificateNow | kCertificateInSession)) != 0;
  // Zero is "verified"; haproxy also says so when there was nothing to verify.
  tls.certificate_verified = tls.certificate_shown && ReadU32(value.subspan(1)) == 0;
  Seen seen;
  for (Bytes rest = value.subspan(kTlsHeadBytes); !rest.empty();) {
    const std::optional<Tlv> tlv = TakeTlv(rest);
    if (!tlv) return ProxyError::kTlvCut;
    const ProxyError error = ReadTlsTlv(*tlv, seen, tls);
    if (error != ProxyError::kNone) return error;
  }
  if (!tls.used) tls = {};  // Then the rest says nothing.
  return ProxyError::kNone;
}

// Of the whole header with zeroes instead of the checksum. s2.2.3
ProxyError CheckChecksum(Bytes whole, Bytes value) {
  if (value.size() != kChecksumBytes) return ProxyError::kTlvSize;
  constexpr std::array<uint8_t, kChecksumBytes> kZeroes{};
  const auto before = static_cast<size_t>(value.data() - whole.data());
  uint32_t checksum = base::ExtendCrc32c(0, whole.first(before));
  checksum = base::ExtendCrc32c(checksum, kZeroes);
  checksum = base::ExtendCrc32c(checksum, whole.subspan(before + kChecksumBytes));
  return checksum == ReadU32(value) ? ProxyError::kNone : ProxyError::kChecksum;
}

ProxyError ReadTlv(const Tlv& tlv, Bytes whole, ProxyHeader& header) {
  switch (tlv.type) {
    case ProxyTlv::kAlpn:
      return ReadText(tlv.value, header.alpn);
    case ProxyTlv::kAuthority:
      return ReadText(tlv.value, header.authority);
    case ProxyTlv::kCrc32c:
      return CheckChecksum(whole, tlv.value);
    case ProxyTlv::kUniqueId:
      header.unique_id = AsText(tlv.value);
      return tlv.value.size() > kProxyUniqueIdBytesMax ? ProxyError::kTlvSize : ProxyError::kNone;
    case ProxyTlv::kTls:
      return ReadTls(tlv.value, header.tls);
    case ProxyTlv::kNoop:
    case ProxyTlv::kTlsVersion:
    case ProxyTlv::kTlsCommonName:
    case ProxyTlv::kTlsCipher:
      break;
  }
  // Unknown, or known but meaningless here: "A receiver may choose to skip over." s2.2
  return ProxyError::kNone;
}

bool IsRead(ProxyTlv type) {
  return type == ProxyTlv::kAlpn || type == ProxyTlv::kAuthority || type == ProxyTlv::kCrc32c ||
         type == ProxyTlv::kUniqueId || type == ProxyTlv::kTls;
}

ProxyError ReadTlvs(Bytes rest, Bytes whole, ProxyHeader& header) {
  Seen seen;
  while (!rest.empty()) {
    const std::optional<Tlv> tlv = TakeTlv(rest);
    if (!tlv) return ProxyError::kTlvCut;
    if (IsRead(tlv->type) && !seen.Note(tlv->type)) return ProxyError::kTlvTwice;
    const ProxyError error = ReadTlv(*tlv, whole, header);
    if (error != ProxyError::kNone) return error;
  }
  return ProxyError::kNone;
}

ProxyError ReadPath(Bytes field, std::string_view& path) {
  path = AsText(field);
  const bool is_abstract = path[0] == '\0';
  path = is_abstract ? path.substr(0, path.find_last_not_of('\0') + 1)
                     : path.substr(0, path.find('\0'));
  const std::string_view name = path.empty() || !is_abstract ? path : path.substr(1);
  return IsCleanText(name) ? ProxyError::kNone : ProxyError::kText;
}

template <size_t kBytes, typename Make>
void ReadIpAddresses(Bytes body, Make make, ProxyHeader& header) {
  header.family = ProxyHeader::Family::kIp;
  header.source = make(body.first<kBytes>());
  header.destination = make(body.subspan<kBytes, kBytes>());
  header.source_port = ReadU16(body.subspan(2 * kBytes));
  header.destination_port = ReadU16(body.subspan(2 * kBytes + 2));
}

ProxyError ReadAddresses(size_t family, Bytes body, ProxyHeader& header) {
  if (family == 1) ReadIpAddresses<IpAddress::kV4Bytes>(body, IpAddress::FromV4, header);
  if (family == 2) ReadIpAddresses<IpAddress::kV6Bytes>(body, IpAddress::FromV6, header);
  if (family != 3) return ProxyError::kNone;
  header.family = ProxyHeader::Family::kUnix;
  const ProxyError error = ReadPath(body.first(kProxyPathBytes), header.source_path);
  if (error != ProxyError::kNone) return error;
  return ReadPath(body.subspan(kProxyPathBytes, kProxyPathBytes), header.destination_path);
}

ProxyError CheckFixedPart(Bytes bytes, const ProxyRules& rules) {
  if (bytes[12] >> 4 != 2) return ProxyError::kVersion;
  const uint8_t command = bytes[12] & 0x0f;
  if (command > kProxy) return ProxyError::kCommand;
  const size_t length = ReadU16(bytes.subspan(14));
  if (kProxyV2FixedBytes + length > rules.header_bytes_max) return ProxyError::kHeaderTooLong;
  if (command == kLocal) return ProxyError::kNone;  // "The family is ignored." s2.2
  const size_t family = bytes[13] >> 4;
  const uint8_t transport = bytes[13] & 0x0f;
  if (family >= kAddressBytes.size()) return ProxyError::kFamily;
  if (transport > kDatagram) return ProxyError::kTransport;
  if (transport == kDatagram) return ProxyError::kDatagram;
  return length < kAddressBytes[family] ? ProxyError::kAddressesCut : ProxyError::kNone;
}

ProxyParse ParseV2(Bytes bytes, const ProxyRules& rules) {
  if (bytes.size() < kProxyV2FixedBytes) return {};
  ProxyError error = CheckFixedPart(bytes, rules);
  if (error != ProxyError::kNone) return Refuse(error);
  const size_t size_bytes = kProxyV2FixedBytes + ReadU16(bytes.subspan(14));
  if (bytes.size() < size_bytes) return {};

  ProxyParse parse{.status = ProxyParse::kDone, .size_bytes = size_bytes};
  if ((bytes[12] & 0x0f) == kLocal) {
    parse.header.is_local = true;  // "Discard the protocol block." s2.2
    return parse;
  }
  const Bytes whole = bytes.first(size_bytes);
  const Bytes body = whole.subspan(kProxyV2FixedBytes);
  const size_t family = bytes[13] >> 4;
  const bool has_addresses = (bytes[13] & 0x0f) == kStream;
  if (has_addresses) error = ReadAddresses(family, body, parse.header);
  if (error == ProxyError::kNone) {
    error = ReadTlvs(body.subspan(kAddressBytes[family]), whole, parse.header);
  }
  return error == ProxyError::kNone ? parse : Refuse(error);
}

}  // namespace

ProxyParse ParseProxyHeader(std::span<const uint8_t> bytes, const ProxyRules& rules) {
  RMQ_CHECK(rules.header_bytes_max >= kProxyV2FixedBytes);
  const std::string_view text = AsText(bytes);
  for (const std::string_view signature : {kProxyV1Signature, kProxyV2Signature}) {
    const size_t common = std::min(text.size(), signature.size());
    if (text.substr(0, common) != signature.substr(0, common)) continue;
    if (common < signature.size()) return {};
    const bool is_v1 = signature == kProxyV1Signature;
    const bool is_allowed = is_v1 ? rules.allow_v1 : rules.allow_v2;
    if (!is_allowed) return Refuse(ProxyError::kVersionNotAllowed);
    return is_v1 ? ParseV1(text) : ParseV2(bytes, rules);
  }
  return Refuse(ProxyError::kNoHeader);
}

std::string_view ProxyErrorText(ProxyError error) {
  switch (error) {
    case ProxyError::kNone:
      return "nothing is wrong";
    case ProxyError::kNoHeader:
      return "there is none, and this listener asks for one";
    case ProxyError::kVersionNotAllowed:
      return "its version is not allowed on this listener";
    case ProxyError::kLineTooLong:
      return "the line of version 1 is longer than 107 bytes";
    case ProxyError::kLineEnd:
      return "the line of version 1 does not end with CR LF";
    case ProxyError::kProtocol:
      return "its protocol is not TCP4, TCP6 or UNKNOWN";
    case ProxyError::kFields:
      return "there are not two addresses and two ports with one blank between them";
    case ProxyError::kAddress:
      return "an address is not one of its protocol";
    case ProxyError::kPort:
      return "a port is not a number from 0 to 65535";
    case ProxyError::kVersion:
      return "the signature is that of version 2, the version is not";
    case ProxyError::kCommand:
      return "the command is neither LOCAL nor PROXY";
    case ProxyError::kFamily:
      return "its address family is unknown";
    case ProxyError::kTransport:
      return "its transport protocol is unknown";
    case ProxyError::kDatagram:
      return "it says datagrams, and this is a stream";
    case ProxyError::kHeaderTooLong:
      return "it is longer than the limit";
    case ProxyError::kAddressesCut:
      return "it is too short for its addresses";
    case ProxyError::kTlvCut:
      return "a field reaches beyond the end";
    case ProxyError::kTlvSize:
      return "a field has a size that its type does not allow";
    case ProxyError::kTlvTwice:
      return "a field stands there twice";
    case ProxyError::kText:
      return "a name is not UTF-8 or holds control characters";
    case ProxyError::kChecksum:
      return "the checksum is wrong";
  }
  RMQ_CHECK(false);
}

}  // namespace ringmq::transport
