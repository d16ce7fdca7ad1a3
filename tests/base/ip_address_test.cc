// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.h"

namespace ringmq::base {
namespace {

using V6 = std::array<uint8_t, IpAddress::kV6Bytes>;

std::string Rewritten(const std::string& text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  return address ? address->ToString() : "refused";
}

TEST(IpAddress, WritesWhatItReadsInOneWay) {
  for (const auto& [text, written] : std::vector<std::pair<std::string, std::string>>{
           {"192.0.2.7", "192.0.2.7"},
           {"0.0.0.0", "0.0.0.0"},
           {"255.255.255.255", "255.255.255.255"},
           {"::ffff:192.0.2.7", "192.0.2.7"},
           {"::FFFF:c000:0207", "192.0.2.7"},
           {"::", "::"},
           {"::1", "::1"},
           {"1::", "1::"},
           {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // RFC 5952 s4.2.3: the first run.
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // s4.2.2: not for one group.
           {"0:0:1:0:0:0:1:1", "0:0:1::1:1"},
           {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
           {"::1.2.3.4", "::102:304"}}) {
    EXPECT_EQ(Rewritten(text), written) << text;
  }
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const std::string text : {"",
                                 "1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "256.1.1.1",
                                 "1.2.3.04",
                                 "1.2.3.",
                                 ".1.2.3",
                                 "1..2.3",
                                 " 1.2.3.4",
                                 "1.2.3.4 ",
                                 "1.2.3.4/8",
                                 "+1.2.3.4",
                                 "-1.2.3.4",
                                 "0x1.2.3.4",
                                 ":",
                                 ":::",
                                 "1:::2",
                                 "::1::",
                                 ":1::",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1:2:3:4::5:6:7:8",
                                 "12345::",
                                 "g::",
                                 "::1%eth0",
                                 "[::1]",
                                 "1.2.3.4::",
                                 "::1.2.3",
                                 "1:2:3:4:5:6:7:1.2.3.4",
                                 "1:2:3:4:5:6:7:",
                                 "::-1",
                                 "localhost"}) {
    EXPECT_EQ(Rewritten(text), "refused") << text;
  }
  EXPECT_FALSE(IpAddress::Parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(IpAddress::ParseV4("::1"));
  EXPECT_FALSE(IpAddress::ParseV4("::ffff:1.2.3.4"));
  EXPECT_FALSE(IpAddress::ParseV6("1.2.3.4"));
}

TEST(AddressAndPort, IsReadWithAndWithoutPort) {
  for (const auto& [text, address, port] :
       {std::tuple("192.0.2.7", "192.0.2.7", 0), std::tuple("192.0.2.7:1883", "192.0.2.7", 1883),
        std::tuple("2001:db8::7", "2001:db8::7", 0), std::tuple("[2001:db8::7]", "2001:db8::7", 0),
        std::tuple("[::1]:65535", "::1", 65535)}) {
    const auto read = ParseAddressAndPort(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(read->address.ToString(), address);
    EXPECT_EQ(read->port, port) << text;
  }
  for (const char* const text :
       {"", ":", ":1", "192.0.2.7:", "192.0.2.7:0", "192.0.2.7:65536", "192.0.2.7:1x", "[::1", "[]",
        "[::1]1", "[::1]:", "[192.0.2.7]:1", "host:1", "192.0.2.7:1:2"}) {
    EXPECT_FALSE(ParseAddressAndPort(text).has_value()) << text;
  }
}

TEST(IpAddress, TellsIPv4FromIPv6) {
  const uint8_t v4[] = {192, 0, 2, 7};
  const IpAddress plain = IpAddress::FromV4(v4);
  EXPECT_TRUE(plain.is_v4());
  EXPECT_EQ(plain, IpAddress::Parse("::ffff:192.0.2.7"));
  EXPECT_EQ(std::vector<uint8_t>(plain.v4_bytes().begin(), plain.v4_bytes().end()),
            (std::vector<uint8_t>{192, 0, 2, 7}));
  EXPECT_FALSE(IpAddress::Parse("::192.0.2.7")->is_v4());
  EXPECT_FALSE(IpAddress().is_v4());
}

// Against the C library, with text that is an address more often than chance would have it.
TEST(IpAddress, ReadsWhatTheLibraryReads) {
  constexpr std::string_view kAlphabet = ":::::..0112fF9a";
  Random random(1);
  size_t good = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text;
    for (size_t left = random.Below(14); left > 0; --left) {
      text += kAlphabet[random.Below(kAlphabet.size())];
    }
    if (random.Chance(1, 4)) text += "::1.2.3.4";
    if (random.Chance(1, 4)) text = "1:2:3:4:5:" + text;
    V6 v6{};
    std::array<uint8_t, IpAddress::kV4Bytes> v4{};
    const std::optional<IpAddress> ours = IpAddress::Parse(text);
    if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) {
      EXPECT_EQ(ours, IpAddress::FromV6(v6)) << text;
      ++good;
    } else if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) {
      EXPECT_EQ(ours, IpAddress::FromV4(v4)) << text;
      ++good;
    } else {
      EXPECT_FALSE(ours) << text;
    }
  }
  EXPECT_GT(good, 5'000u);
}

TEST(IpAddress, WritesWhatTheLibraryWrites) {
  Random random(2);
  for (int round = 0; round < 100'000; ++round) {
    V6 bytes{};
    for (size_t i = 0; i < bytes.size(); i += 2) {
      if (random.Chance(1, 2)) continue;
      bytes[i] = static_cast<uint8_t>(random.Next() & random.Next());
      bytes[i + 1] = static_cast<uint8_t>(random.Next() & random.Next());
    }
    const IpAddress address = IpAddress::FromV6(bytes);
    const std::string text = address.ToString();
    EXPECT_EQ(IpAddress::Parse(text), address) << text;
    char theirs[INET6_ADDRSTRLEN] = {};
    ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), theirs, sizeof(theirs)), nullptr);
    // The library writes the addresses that RFC 4291 deprecates, ::a.b.c.d, with dots.
    if (std::string_view(theirs).find('.') == std::string_view::npos) {
      EXPECT_EQ(text, theirs);
    }
  }
}

}  // namespace
}  // namespace ringmq::base
