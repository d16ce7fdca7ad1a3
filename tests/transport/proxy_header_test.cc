// SPDX-License-Identifier: Apache-2.0
#include "transport/proxy_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "transport/byte_vector.h"
#include "transport/proxy_layer.h"

namespace ringmq::transport {
namespace {

using base::IpAddress;
using ::testing::HasSubstr;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}
std::string Text(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// A header of version 2; `body` has addresses and fields.
std::string V2(uint8_t command, uint8_t family, std::string_view body) {
  std::string bytes(kProxyV2Signature);
  bytes += static_cast<char>(0x20 | command);
  bytes += static_cast<char>(family);
  bytes += static_cast<char>(body.size() >> 8);
  bytes += static_cast<char>(body.size() & 0xff);
  return bytes + std::string(body);
}
std::string Field(uint8_t type, std::string_view value) {
  std::string bytes(1, static_cast<char>(type));
  bytes += static_cast<char>(value.size() >> 8);
  bytes += static_cast<char>(value.size() & 0xff);
  return bytes + std::string(value);
}
// 192.0.2.7:50000 to 198.51.100.1:1883
const std::string kV4Addresses("\xc0\x00\x02\x07\xc6\x33\x64\x01\xc3\x50\x07\x5b", 12);

// What a server's layer makes of it, whole and byte by byte, which must be the same.
struct Outcome {
  LayerState state = LayerState::kOpening;
  std::string error;
  std::string up;
  ProxyFacts facts;
};
Outcome Feed(std::string_view bytes, size_t piece) {
  ProxyServerLayer layer(ProxyRules{});
  ByteVector up;
  ByteVector down;
  layer.Start(down);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    layer.Receive(Bytes(bytes.substr(at, piece)), up, down);
  }
  EXPECT_TRUE(down.empty());
  PeerFacts facts;
  layer.Describe(facts);
  return {layer.state(), std::string(layer.error()), Text(up.bytes()), facts.proxy};
}
Outcome FeedEveryWay(std::string_view bytes) {
  Outcome whole = Feed(bytes, bytes.size() + 1);
  for (const size_t piece : {1, 2, 7, 50}) {
    const Outcome cut = Feed(bytes, piece);
    EXPECT_EQ(cut.state, whole.state);
    EXPECT_EQ(cut.error, whole.error);
    EXPECT_EQ(cut.up, whole.up);
    EXPECT_EQ(cut.facts.source, whole.facts.source);
  }
  return whole;
}

TEST(ProxyHeader, OfVersion1SaysWhoTheClientIs) {
  Outcome seen = FeedEveryWay("PROXY TCP4 192.0.2.7 198.51.100.1 50000 1883\r\nMQTT");
  EXPECT_EQ(seen.state, LayerState::kOpen);
  EXPECT_EQ(seen.up, "MQTT");
  EXPECT_TRUE(seen.facts.used);
  EXPECT_FALSE(seen.facts.local);
  EXPECT_EQ(seen.facts.source, "192.0.2.7");
  EXPECT_EQ(seen.facts.source_port, 50000);
  EXPECT_EQ(seen.facts.destination, "198.51.100.1");
  EXPECT_EQ(seen.facts.destination_port, 1883);
  seen = FeedEveryWay("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n");
  EXPECT_EQ(seen.facts.source, "2001:db8::7");
  seen = FeedEveryWay("PROXY UNKNOWN whatever comes here\r\n\x10");
  EXPECT_EQ(seen.state, LayerState::kOpen);
  EXPECT_TRUE(seen.facts.local);
  EXPECT_EQ(seen.up, "\x10");
}

TEST(ProxyHeader, OfVersion1IsReadStrictly) {
  const std::string long_line = "PROXY UNKNOWN " + std::string(107, 'x');
  for (const std::string_view line :
       {std::string_view("GET / HTTP/1.1\r\n\r\n"), std::string_view("\x10\x0c\x00\x04MQTT", 8),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx"),
        std::string_view("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n"),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"),
        std::string_view("PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n"),
        std::string_view("PROXY TCP4 ::1 1.2.3.4 1 2\r\n"),
        std::string_view("PROXY TCP6 1.2.3.4 ::1 1 2\r\n"),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"),
        std::string_view("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"),
        std::string_view("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), std::string_view(long_line)}) {
    SCOPED_TRACE(line);
    const Outcome seen = FeedEveryWay(line);
    EXPECT_EQ(seen.state, LayerState::kFailed);
    EXPECT_THAT(seen.error, HasSubstr("PROXY header: "));
    EXPECT_FALSE(seen.facts.used);
  }
}

TEST(ProxyHeader, OfVersion2HasAddressesNamesAndCertificates) {
  const std::string tls = std::string("\x03\0\0\0\0", 5) + Field(0x21, "TLSv1.3") +
                          Field(0x22, "sensor-7") + Field(0x23, "TLS_AES_128_GCM_SHA256");
  const std::string header =
      V2(1, 0x11,
         kV4Addresses + Field(0x01, "mqtt") + Field(0x02, "broker.example") + Field(0x20, tls) +
             Field(0x04, "padding") + Field(0xe0, "of one's own"));
  const Outcome seen = FeedEveryWay(header + "MQTT");
  EXPECT_EQ(seen.state, LayerState::kOpen) << seen.error;
  EXPECT_EQ(seen.up, "MQTT");
  EXPECT_EQ(seen.facts.source, "192.0.2.7");
  EXPECT_EQ(seen.facts.source_port, 50000);
  EXPECT_EQ(seen.facts.alpn, "mqtt");
  EXPECT_EQ(seen.facts.server_name, "broker.example");
  EXPECT_TRUE(seen.facts.tls);
  EXPECT_TRUE(seen.facts.certificate_verified);
  EXPECT_EQ(seen.facts.certificate_common_name, "sensor-7");
}

TEST(ProxyHeader, SaysNoNameOfACertificateThatNobodyVerified) {
  // Verification failed; and no certificate at all, where haproxy says zero too.
  for (const std::string_view head :
       {std::string_view("\x03\0\0\0\x12", 5), std::string_view("\x01\0\0\0\0", 5)}) {
    const Outcome seen = FeedEveryWay(
        V2(1, 0x11, kV4Addresses + Field(0x20, std::string(head) + Field(0x22, "admin"))));
    EXPECT_EQ(seen.state, LayerState::kOpen);
    EXPECT_FALSE(seen.facts.certificate_verified);
    EXPECT_EQ(seen.facts.certificate_common_name, "");
  }
}

TEST(ProxyHeader, OfVersion2MayBeOfTheProxyItself) {
  for (const std::string& header : {V2(0, 0, ""), V2(0, 0x11, kV4Addresses), V2(1, 0, "")}) {
    const Outcome seen = FeedEveryWay(header + "x");
    EXPECT_EQ(seen.state, LayerState::kOpen) << seen.error;
    EXPECT_TRUE(seen.facts.local);
    EXPECT_EQ(seen.up, "x");
  }
}

TEST(ProxyHeader, OfVersion2IsReadStrictly) {
  std::string wrong_version = V2(1, 0x11, kV4Addresses);
  wrong_version[12] = 0x11;
  const std::string wrong_checksum = V2(1, 0x11, kV4Addresses + Field(0x03, "\1\2\3\4"));
  for (const std::string& header :
       {wrong_version, wrong_checksum, V2(2, 0x11, kV4Addresses), V2(1, 0x41, kV4Addresses),
        V2(1, 0x13, kV4Addresses), V2(1, 0x12, kV4Addresses), V2(1, 0x11, "short"),
        V2(1, 0x11, kV4Addresses + "\x01"),
        V2(1, 0x11, kV4Addresses + std::string("\x01\0\x09x", 4)),
        V2(1, 0x11, kV4Addresses + Field(0x01, "a") + Field(0x01, "b")),
        V2(1, 0x11, kV4Addresses + Field(0x02, "line\nbreak")),
        V2(1, 0x11, kV4Addresses + Field(0x02, "\xff")),
        V2(1, 0x11, kV4Addresses + Field(0x20, "")),
        V2(1, 0x11, kV4Addresses + Field(0x05, std::string(129, 'u'))),
        V2(1, 0x11, kV4Addresses + Field(0x04, std::string(5000, 'p')))}) {
    SCOPED_TRACE(header.size());
    const Outcome seen = FeedEveryWay(header);
    EXPECT_EQ(seen.state, LayerState::kFailed);
    EXPECT_FALSE(seen.facts.used);
  }
}

TEST(ProxyHeader, IsReadAsItWasWritten) {
  ProxyHeader header;
  header.family = ProxyHeader::Family::kIp;
  header.source = *IpAddress::Parse("2001:db8::7");
  header.destination = *IpAddress::Parse("192.0.2.1");
  header.source_port = 5;
  header.destination_port = 8883;
  for (const ProxyVersion version : {ProxyVersion::kV1, ProxyVersion::kV2}) {
    const auto bytes = MakeProxyHeader(header, {.version = version});
    const ProxyParse parse = ParseProxyHeader(bytes, {});
    ASSERT_EQ(parse.status, ProxyParse::kDone) << ProxyErrorText(parse.error);
    EXPECT_EQ(parse.header, header);
  }
  header.alpn = "mqtt";
  header.authority = "broker";
  header.unique_id = std::string_view("\0\1", 2);
  header.tls = {.used = true,
                .certificate_shown = true,
                .certificate_verified = true,
                .version = "TLSv1.2",
                .cipher = "X",
                .common_name = "me"};
  auto bytes = MakeProxyHeader(header, {.with_checksum = true});
  EXPECT_EQ(ParseProxyHeader(bytes, {}).header, header);
  for (size_t i = 16; i < bytes.size(); ++i) {  // The checksum sees every bit.
    bytes[i] ^= 1;
    EXPECT_NE(ParseProxyHeader(bytes, {}).status, ProxyParse::kDone) << i;
    bytes[i] ^= 1;
  }
  header = {};
  header.family = ProxyHeader::Family::kUnix;
  header.source_path = "/run/x.sock";
  header.destination_path = std::string_view("\0abstract", 9);
  bytes = MakeProxyHeader(header, {});
  EXPECT_EQ(ParseProxyHeader(bytes, {}).header, header);
  EXPECT_EQ(FeedEveryWay(Text(bytes)).facts.destination, "@abstract");
}

TEST(ProxyHeader, MayBeAllowedInOneVersionOnly) {
  const std::string_view line = "PROXY UNKNOWN\r\n";
  EXPECT_EQ(ParseProxyHeader(Bytes(line), {.allow_v1 = false}).error,
            ProxyError::kVersionNotAllowed);
  EXPECT_EQ(ParseProxyHeader(Bytes(V2(0, 0, "")), {.allow_v2 = false}).error,
            ProxyError::kVersionNotAllowed);
}

TEST(ProxyLayer, WritesWhatTheOtherEndReads) {
  ProxyHeader header;
  header.family = ProxyHeader::Family::kIp;
  header.source = *IpAddress::Parse("192.0.2.7");
  header.destination = *IpAddress::Parse("192.0.2.1");
  ProxyClientLayer client(header, {});
  EXPECT_EQ(client.state(), LayerState::kOpening);
  ByteVector wire;
  client.Start(wire);
  EXPECT_TRUE(client.is_transparent());
  client.Send(Bytes("hello"), wire);
  const Outcome seen = FeedEveryWay(Text(wire.bytes()));
  EXPECT_EQ(seen.facts.source, "192.0.2.7");
  EXPECT_EQ(seen.up, "hello");
}

}  // namespace
}  // namespace ringmq::transport
