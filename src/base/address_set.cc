// SPDX-License-Identifier: Apache-2.0
#include "base/address_set.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace ringmq::base {
namespace {

constexpr std::string_view kExpected =
    "expected an IP address, a block such as \"10.0.0.0/8\" or \"fd00::/8\", or \"unix\"";
constexpr size_t kBits = 128;
constexpr size_t kV4Bits = 32;

// `bits` of the front, then zeroes.
IpAddress FirstOf(const IpAddress& address, size_t bits) {
  std::array<uint8_t, IpAddress::kV6Bytes> bytes{};
  std::ranges::copy(address.v6_bytes(), bytes.begin());
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t kept = std::clamp<size_t>(bits, 8 * i, 8 * (i + 1)) - 8 * i;
    bytes[i] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return IpAddress::FromV6(bytes);
}

std::optional<size_t> ParseBits(std::string_view text) {
  size_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  return bits;
}

}  // namespace

std::string AddressSet::Add(std::string_view text) {
  if (text == "unix") {
    contains_unix_ = true;
    return {};
  }
  if (blocks_.size() == kAddressBlocksMax) {
    return "more than " + std::to_string(kAddressBlocksMax) + " blocks of addresses";
  }
  const size_t slash = text.find('/');
  const std::string_view written = text.substr(0, slash);
  const std::optional<IpAddress> address = IpAddress::Parse(written);
  if (!address) return std::string(kExpected);
  // "::ffff:10.0.0.0/104" counts its bits as IPv6 does.
  const bool is_short = written.find(':') == std::string_view::npos;
  const size_t bits_max = is_short ? kV4Bits : kBits;
  size_t bits = bits_max;
  if (slash != std::string_view::npos) {
    const std::optional<size_t> parsed = ParseBits(text.substr(slash + 1));
    if (!parsed || *parsed > bits_max) {
      return "expected a number from 0 to " + std::to_string(bits_max) + " behind the slash";
    }
    bits = *parsed;
  }
  const size_t prefix_bits = bits + kBits - bits_max;
  const IpAddress first = FirstOf(*address, prefix_bits);
  if (first != *address) {
    const std::string mapped = !is_short && first.is_v4() ? "::ffff:" : "";
    return "there are bits set behind the prefix; the block is \"" + mapped + first.ToString() +
           "/" + std::to_string(bits) + "\"";
  }
  blocks_.push_back({.first = first, .prefix_bits = prefix_bits});
  return {};
}

bool AddressSet::Contains(const IpAddress& address) const {
  return std::ranges::any_of(blocks_, [&address](const Block& block) {
    return block.first.is_v4() == address.is_v4() &&
           FirstOf(address, block.prefix_bits) == block.first;
  });
}

}  // namespace ringmq::base
