// The writing half of proxy_header.h, for our client and load tool.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "transport/proxy_header.h"

namespace ringmq::transport {
namespace {

using Family = ProxyHeader::Family;

class Writer {
 public:
  void U8(uint8_t value) { bytes_.push_back(value); }
  void U16(size_t value) {
    RMQ_CHECK(value <= 0xffff);
    U8(static_cast<uint8_t>(value >> 8));
    U8(static_cast<uint8_t>(value));
  }
  void U32(uint32_t value) {
    U16(value >> 16);
    U16(value & 0xffff);
  }
  void Text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void Append(std::span<const uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void Path(std::string_view path) {
    RMQ_CHECK(path.size() <= kProxyPathBytes);
    Text(path);
    bytes_.resize(bytes_.size() + kProxyPathBytes - path.size());
  }
  void TextTlv(ProxyTlv type, std::string_view text) {
    if (text.empty()) return;
    U8(static_cast<uint8_t>(type));
    U16(text.size());
    Text(text);
  }
  [[nodiscard]] std::vector<uint8_t> Take() { return std::move(bytes_); }
  [[nodiscard]] const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

bool AreV4(const ProxyHeader& header) {
  return header.source.is_v4() && header.destination.is_v4();
}

std::string V1Address(const base::IpAddress& address, bool are_v4) {
  // One IPv4 address beside an IPv6 one.
  return (!are_v4 && address.is_v4() ? "::ffff:" : "") + address.ToString();
}

std::vector<uint8_t> MakeV1(const ProxyHeader& header) {
  Writer out;
  out.Text(kProxyV1Signature);
  if (header.is_local || header.family != Family::kIp) {
    out.Text("UNKNOWN\r\n");
    return out.Take();
  }
  const bool are_v4 = AreV4(header);
  out.Text(are_v4 ? "TCP4 " : "TCP6 ");
  out.Text(V1Address(header.source, are_v4) + " " + V1Address(header.destination, are_v4) + " " +
           std::to_string(header.source_port) + " " + std::to_string(header.destination_port) +
           "\r\n");
  RMQ_CHECK(out.bytes().size() <= kProxyV1BytesMax);
  return out.Take();
}

// Returns the family of the addresses that it wrote.
uint8_t WriteAddresses(const ProxyHeader& header, Writer& out) {
  if (header.family == Family::kNone) return 0;
  if (header.family == Family::kUnix) {
    out.Path(header.source_path);
    out.Path(header.destination_path);
    return 3;
  }
  const bool are_v4 = AreV4(header);
  for (const base::IpAddress& address : {header.source, header.destination}) {
    if (are_v4) {
      out.Append(address.v4_bytes());
    } else {
      out.Append(address.v6_bytes());
    }
  }
  out.U16(header.source_port);
  out.U16(header.destination_port);
  return are_v4 ? 1 : 2;
}

void WriteTls(const ProxyTls& tls, Writer& out) {
  if (!tls.used) return;
  Writer value;
  value.U8(static_cast<uint8_t>(1 | (tls.certificate_shown ? 2 : 0)));
  value.U32(tls.certificate_verified ? 0 : 1);
  value.TextTlv(ProxyTlv::kTlsVersion, tls.version);
  value.TextTlv(ProxyTlv::kTlsCommonName, tls.common_name);
  value.TextTlv(ProxyTlv::kTlsCipher, tls.cipher);
  out.U8(static_cast<uint8_t>(ProxyTlv::kTls));
  out.U16(value.bytes().size());
  out.Append(value.bytes());
}

std::vector<uint8_t> MakeV2(const ProxyHeader& header, bool with_checksum) {
  Writer body;
  uint8_t family = 0;
  if (!header.is_local) {
    family = WriteAddresses(header, body);
    body.TextTlv(ProxyTlv::kAlpn, header.alpn);
    body.TextTlv(ProxyTlv::kAuthority, header.authority);
    body.TextTlv(ProxyTlv::kUniqueId, header.unique_id);
    WriteTls(header.tls, body);
  }
  constexpr std::string_view kZeroes{"\0\0\0\0", 4};
  // LOCAL is discarded by who reads it, the checksum too.
  const bool has_checksum = with_checksum && !header.is_local;
  if (has_checksum) body.TextTlv(ProxyTlv::kCrc32c, kZeroes);
  Writer out;
  out.Text(kProxyV2Signature);
  out.U8(header.is_local ? 0x20 : 0x21);
  out.U8(family == 0 ? 0 : static_cast<uint8_t>(family << 4 | 1));
  out.U16(body.bytes().size());
  out.Append(body.bytes());
  std::vector<uint8_t> bytes = out.Take();
  if (has_checksum) {
    Writer checksum;
    checksum.U32(base::ExtendCrc32c(0, bytes));
    std::ranges::copy(checksum.bytes(), bytes.end() - kZeroes.size());
  }
  return bytes;
}

}  // namespace

std::vector<uint8_t> MakeProxyHeader(const ProxyHeader& header, const ProxyWriting& writing) {
  return writing.version == ProxyVersion::kV1 ? MakeV1(header)
                                              : MakeV2(header, writing.with_checksum);
}

}  // namespace ringmq::transport
