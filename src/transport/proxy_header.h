// The header with which a proxy says for whom it speaks: the PROXY protocol, versions 1 and 2.
// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt; section numbers are of that text.
//
//   1:  "PROXY TCP4 192.0.2.7 198.51.100.1 51234 1883\r\n"
//       "PROXY UNKNOWN" anything "\r\n"                           at most 107 bytes
//   2:  signature(12) 2:4 command:4 family:4 transport:4 length(2) addresses TLV*
//       TLV = type(1) length(2) value
//
// Pure and strict: what differs from the text is refused, because the header decides who somebody
// is. Names in it are text without control characters, so that they may stand in a log.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace ringmq::transport {

inline constexpr std::string_view kProxyV1Signature = "PROXY ";
inline constexpr std::string_view kProxyV2Signature{"\r\n\r\n\0\r\nQUIT\n", 12};
inline constexpr size_t kProxyV1BytesMax = 107;   // s2.1
inline constexpr size_t kProxyV2FixedBytes = 16;  // s2.2
inline constexpr size_t kProxyV2BytesMax = kProxyV2FixedBytes + 0xffff;
inline constexpr size_t kProxyPathBytes = 108;         // Of an AF_UNIX address. s2.2
inline constexpr size_t kProxyUniqueIdBytesMax = 128;  // s2.2.5

enum class ProxyVersion : uint8_t { kV1, kV2 };

// s2.2; the last three stand within kTls.
enum class ProxyTlv : uint8_t {
  kAlpn = 0x01,
  kAuthority = 0x02,
  kCrc32c = 0x03,
  kNoop = 0x04,
  kUniqueId = 0x05,
  kTls = 0x20,
  kTlsVersion = 0x21,
  kTlsCommonName = 0x22,
  kTlsCipher = 0x23,
};

// How the client came to the proxy. s2.2.6
struct ProxyTls {
  bool used = false;
  bool certificate_shown = false;     // Now, or earlier in its TLS session,
  bool certificate_verified = false;  // and the proxy found it good. Never without the former.
  std::string_view version{};
  std::string_view cipher{};
  std::string_view common_name{};  // Of the certificate, whether verified or not.

  friend bool operator==(const ProxyTls&, const ProxyTls&) = default;
};

// Views point into the bytes that were parsed.
struct ProxyHeader {
  enum class Family : uint8_t { kNone, kIp, kUnix };

  bool is_local = false;          // LOCAL: the proxy itself wants something, a health check say.
  Family family = Family::kNone;  // kNone: nobody knows who the client is.
  base::IpAddress source{};       // kIp
  base::IpAddress destination{};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  std::string_view source_path{};  // kUnix; an abstract one begins with a zero; empty: unnamed.
  std::string_view destination_path{};
  std::string_view alpn{};
  std::string_view authority{};  // The host name that the client asked for.
  std::string_view unique_id{};  // Opaque bytes.
  ProxyTls tls{};

  friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

struct ProxyRules {
  bool allow_v1 = true;
  bool allow_v2 = true;
  // More of version 2 is refused; certificates' names and unique identifiers fit in.
  size_t header_bytes_max = 4096;
};

enum class ProxyError : uint8_t {
  kNone,
  kNoHeader,
  kVersionNotAllowed,
  // Version 1.
  kLineTooLong,
  kLineEnd,
  kProtocol,
  kFields,
  kAddress,
  kPort,
  // Version 2.
  kVersion,
  kCommand,
  kFamily,
  kTransport,
  kDatagram,
  kHeaderTooLong,
  kAddressesCut,
  kTlvCut,
  kTlvSize,
  kTlvTwice,
  kText,
  kChecksum,
};

// A part of a sentence, "the line is longer than 107 bytes"; lives for ever.
[[nodiscard]] std::string_view ProxyErrorText(ProxyError error);

struct ProxyParse {
  enum Status : uint8_t { kNeedMore, kDone, kRefused };

  Status status = kNeedMore;
  ProxyError error = ProxyError::kNone;  // With kRefused.
  size_t size_bytes = 0;                 // Of the header, with kDone.
  ProxyHeader header{};                  // With kDone.
};

// Reads the header that `bytes` begin with. Never asks for more than kProxyV1BytesMax or
// `header_bytes_max` bytes, whichever is more. Requires: header_bytes_max >= kProxyV2FixedBytes.
[[nodiscard]] ProxyParse ParseProxyHeader(std::span<const uint8_t> bytes, const ProxyRules& rules);

struct ProxyWriting {
  ProxyVersion version = ProxyVersion::kV2;
  bool with_checksum = false;  // Version 2 only.
};

// Version 1 knows IP addresses only: the rest becomes UNKNOWN or is left out.
// Requires: paths fit kProxyPathBytes, and all together kProxyV2BytesMax.
[[nodiscard]] std::vector<uint8_t> MakeProxyHeader(const ProxyHeader& header,
                                                   const ProxyWriting& writing);

}  // namespace ringmq::transport
