// SPDX-License-Identifier: Apache-2.0
#include "base/address_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/random.h"

namespace ringmq::base {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

AddressSet SetOf(const std::vector<std::string>& blocks) {
  AddressSet set;
  for (const std::string& block : blocks) EXPECT_THAT(set.Add(block), IsEmpty()) << block;
  return set;
}

bool Holds(const AddressSet& set, std::string_view address) {
  return set.Contains(IpAddress::Parse(address).value());
}

TEST(AddressSet, HoldsTheAddressesOfItsBlocks) {
  const AddressSet set = SetOf({"10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1", "172.16.0.0/12"});
  for (const char* inside : {"10.0.0.0", "10.255.255.255", "192.0.2.7", "fd00::1", "fdff::", "::1",
                             "172.31.255.255", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(Holds(set, inside)) << inside;
  }
  for (const char* outside : {"9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8",
                              "fc00::", "fe00::", "::2", "::", "172.32.0.0", "::10.1.2.3"}) {
    EXPECT_FALSE(Holds(set, outside)) << outside;
  }
}

TEST(AddressSet, KeepsTheFamiliesApart) {
  EXPECT_FALSE(Holds(SetOf({"::/0"}), "10.0.0.1"));
  EXPECT_TRUE(Holds(SetOf({"::/0"}), "fd00::1"));
  EXPECT_FALSE(Holds(SetOf({"0.0.0.0/0"}), "fd00::1"));
  EXPECT_TRUE(Holds(SetOf({"0.0.0.0/0"}), "10.0.0.1"));
  EXPECT_TRUE(Holds(SetOf({"::ffff:10.0.0.0/104"}), "10.9.9.9"));
  EXPECT_FALSE(Holds(SetOf({"::ffff:10.0.0.0/104"}), "11.0.0.0"));
}

TEST(AddressSet, HoldsNobodyUnlessTold) {
  AddressSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(Holds(set, "127.0.0.1"));
  EXPECT_FALSE(set.contains_unix());
  EXPECT_THAT(set.Add("unix"), IsEmpty());
  EXPECT_TRUE(set.contains_unix());
  EXPECT_FALSE(set.empty());
  EXPECT_FALSE(Holds(set, "127.0.0.1"));
  EXPECT_FALSE(SetOf({"127.0.0.1"}).contains_unix());
}

TEST(AddressSet, SaysWhatItExpected) {
  AddressSet set;
  for (const char* text :
       {"", "localhost", "10.0.0", "10.0.0.0.0/8", "unix:", "Unix", " ::1", "/8"}) {
    EXPECT_THAT(set.Add(text), HasSubstr("expected an IP address")) << text;
  }
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8",
                           "10.0.0.0/255.0.0.0", "10.0.0.0/99999999999999999999"}) {
    EXPECT_THAT(set.Add(text), HasSubstr("from 0 to 32")) << text;
  }
  EXPECT_THAT(set.Add("::/129"), HasSubstr("from 0 to 128"));
  EXPECT_THAT(set.Add("10.1.0.0/8"), HasSubstr("\"10.0.0.0/8\""));
  EXPECT_THAT(set.Add("fd00::1/8"), HasSubstr("\"fd00::/8\""));
  EXPECT_THAT(set.Add("::ffff:10.1.0.0/104"), HasSubstr("\"::ffff:10.0.0.0/104\""));
  EXPECT_TRUE(set.empty());
}

TEST(AddressSet, HoldsSoManyBlocksAndNoMore) {
  AddressSet set;
  for (size_t i = 0; i < kAddressBlocksMax; ++i) EXPECT_THAT(set.Add("127.0.0.1"), IsEmpty());
  EXPECT_THAT(set.Add("10.0.0.1"), HasSubstr("more than 256"));
  EXPECT_FALSE(Holds(set, "10.0.0.1"));
}

// Every size of prefix, against a comparison bit by bit.
TEST(AddressSet, ComparesExactlyThePrefix) {
  Random random(3);
  for (size_t bits = 0; bits <= 128; ++bits) {
    std::array<uint8_t, IpAddress::kV6Bytes> bytes{};
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Next());
    bytes[0] |= 1;  // No mapped IPv4.
    for (size_t bit = bits; bit < 128; ++bit) {
      bytes[bit / 8] &= static_cast<uint8_t>(~(0x80 >> bit % 8));
    }
    AddressSet set;
    const IpAddress first = IpAddress::FromV6(bytes);
    ASSERT_THAT(set.Add(first.ToString() + "/" + std::to_string(bits)), IsEmpty());
    EXPECT_TRUE(set.Contains(first));
    for (size_t bit = 0; bit < 128; ++bit) {
      auto other = bytes;
      other[bit / 8] ^= static_cast<uint8_t>(0x80 >> bit % 8);
      EXPECT_EQ(set.Contains(IpAddress::FromV6(other)), bit >= bits) << bits << " " << bit;
    }
  }
}

}  // namespace
}  // namespace ringmq::base
