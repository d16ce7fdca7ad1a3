// A numeric address of IPv4 or IPv6: parsed, compared and written, without asking anybody.
//
// Held as 16 bytes; IPv4 is ::ffff:a.b.c.d inside, so that what a dual-stack socket calls
// "::ffff:192.0.2.7" and "192.0.2.7" are one address.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ringmq::base {

class IpAddress {
 public:
  static constexpr size_t kV4Bytes = 4;
  static constexpr size_t kV6Bytes = 16;
  static constexpr size_t kTextBytesMax = 45;  // "ffff:" six times and "255.255.255.255".

  IpAddress() = default;  // ::

  // In the order of the network, as a sockaddr has them.
  [[nodiscard]] static IpAddress FromV4(std::span<const uint8_t, kV4Bytes> bytes);
  [[nodiscard]] static IpAddress FromV6(std::span<const uint8_t, kV6Bytes> bytes);

  // Strict: four decimal numbers without leading zeroes, or the forms of RFC 4291 s2.2. No zone
  // ("%eth0"), no blanks. Any text may be passed in.
  [[nodiscard]] static std::optional<IpAddress> ParseV4(std::string_view text);
  [[nodiscard]] static std::optional<IpAddress> ParseV6(std::string_view text);
  [[nodiscard]] static std::optional<IpAddress> Parse(std::string_view text);

  // IPv4, mapped or not.
  [[nodiscard]] bool is_v4() const;
  // With IPv4 mapped.
  [[nodiscard]] std::span<const uint8_t, kV6Bytes> v6_bytes() const { return bytes_; }
  // Requires: is_v4().
  [[nodiscard]] std::span<const uint8_t, kV4Bytes> v4_bytes() const;

  // "192.0.2.7", or IPv6 as RFC 5952 recommends: small letters, the longest run of zeroes left out.
  [[nodiscard]] std::string ToString() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, kV6Bytes> bytes_{};
};

struct AddressAndPort {
  IpAddress address;
  uint16_t port = 0;  // Zero: none was given.
};

// "192.0.2.7", "2001:db8::7" or "[2001:db8::7]", the first and the last also with ":1" to ":65535"
// behind it. Any text may be passed in.
[[nodiscard]] std::optional<AddressAndPort> ParseAddressAndPort(std::string_view text);

}  // namespace ringmq::base
