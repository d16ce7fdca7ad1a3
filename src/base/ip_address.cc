// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace ringmq::base {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr size_t kGroups = 8;  // Of 16 bits.

// A number of 1 to `digits_max` digits that is all of `text`.
std::optional<uint16_t> ParseNumber(std::string_view text, int base, size_t digits_max) {
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes what stands before the next separator, and the separator.
std::string_view TakeField(std::string_view& text, char separator) {
  const size_t at = text.find(separator);
  const std::string_view field = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return field;
}

struct Groups {
  std::array<uint16_t, kGroups> values{};
  size_t count = 0;
};

enum class Tail : uint8_t { kGroupsOnly, kMayBeV4 };

// "1:2:3": what stands on one side of "::", or all there is. Empty text is no groups.
std::optional<Groups> ParseGroups(std::string_view text, Tail tail) {
  Groups groups;
  if (text.empty()) return groups;
  if (text.back() == ':') return std::nullopt;
  while (!text.empty()) {
    const std::string_view field = TakeField(text, ':');
    const bool is_last = text.empty();
    if (is_last && tail == Tail::kMayBeV4 && field.find('.') != std::string_view::npos) {
      const std::optional<IpAddress> v4 = IpAddress::ParseV4(field);
      if (!v4 || groups.count > kGroups - 2) return std::nullopt;
      const std::span<const uint8_t, IpAddress::kV4Bytes> bytes = v4->v4_bytes();
      groups.values[groups.count++] = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
      groups.values[groups.count++] = static_cast<uint16_t>(bytes[2] << 8 | bytes[3]);
      return groups;
    }
    const std::optional<uint16_t> value = ParseNumber(field, 16, 4);
    if (!value || groups.count == kGroups) return std::nullopt;
    groups.values[groups.count++] = *value;
  }
  return groups;
}

struct Run {
  size_t begin = kGroups;
  size_t size = 0;
};

// The longest run of two zero groups or more; the first of equals.
Run LongestZeroRun(const std::array<uint16_t, kGroups>& groups) {
  Run best;
  for (size_t begin = 0; begin < kGroups; ++begin) {
    size_t end = begin;
    while (end < kGroups && groups[end] == 0) ++end;
    if (end - begin >= 2 && end - begin > best.size) best = {begin, end - begin};
  }
  return best;
}

template <typename Number>
void AppendNumber(Number value, int base, std::string& out) {
  char digits[5];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value, base);
  RMQ_CHECK(error == std::errc());
  out.append(digits, end);
}

// Of ":1883"; zero: of nothing. None: it is neither.
std::optional<uint16_t> ParsePortBehind(std::string_view text) {
  if (text.empty()) return 0;
  const auto port = ParseNumber(text.substr(1), 10, 5);
  return text.front() == ':' && port != 0 ? port : std::nullopt;
}

}  // namespace

IpAddress IpAddress::FromV4(std::span<const uint8_t, kV4Bytes> bytes) {
  IpAddress address;
  std::ranges::copy(kMappedPrefix, address.bytes_.begin());
  std::ranges::copy(bytes, address.bytes_.begin() + kMappedPrefix.size());
  return address;
}

IpAddress IpAddress::FromV6(std::span<const uint8_t, kV6Bytes> bytes) {
  IpAddress address;
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::ParseV4(std::string_view text) {
  std::array<uint8_t, kV4Bytes> bytes{};
  if (std::ranges::count(text, '.') != kV4Bytes - 1) return std::nullopt;
  for (uint8_t& byte : bytes) {
    const std::string_view field = TakeField(text, '.');
    const std::optional<uint16_t> value = ParseNumber(field, 10, 3);
    if (!value || *value > 255) return std::nullopt;
    // Some would read it as octal.
    if (field.size() > 1 && field[0] == '0') return std::nullopt;
    byte = static_cast<uint8_t>(*value);
  }
  return FromV4(bytes);
}

std::optional<IpAddress> IpAddress::ParseV6(std::string_view text) {
  if (text.size() > kTextBytesMax) return std::nullopt;
  const size_t gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  const std::optional<Groups> head =
      ParseGroups(text.substr(0, gap), has_gap ? Tail::kGroupsOnly : Tail::kMayBeV4);
  const std::string_view behind = has_gap ? text.substr(gap + 2) : std::string_view();
  const std::optional<Groups> rest = ParseGroups(behind, Tail::kMayBeV4);
  if (!head || !rest) return std::nullopt;
  const size_t count = head->count + rest->count;
  // "::" stands for one group at least.
  if (has_gap ? count >= kGroups : count != kGroups) return std::nullopt;
  std::array<uint16_t, kGroups> groups{};
  std::copy_n(head->values.begin(), head->count, groups.begin());
  std::copy_n(rest->values.begin(), rest->count,
              groups.end() - static_cast<ptrdiff_t>(rest->count));
  IpAddress address;
  for (size_t i = 0; i < kGroups; ++i) {
    address.bytes_[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    address.bytes_[2 * i + 1] = static_cast<uint8_t>(groups[i]);
  }
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  return text.find(':') == std::string_view::npos ? ParseV4(text) : ParseV6(text);
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

std::span<const uint8_t, IpAddress::kV4Bytes> IpAddress::v4_bytes() const {
  RMQ_CHECK(is_v4());
  return std::span(bytes_).last<kV4Bytes>();
}

std::string IpAddress::ToString() const {
  std::string text;
  if (is_v4()) {
    for (const uint8_t byte : v4_bytes()) {
      if (!text.empty()) text += '.';
      AppendNumber(byte, 10, text);
    }
    return text;
  }
  std::array<uint16_t, kGroups> groups{};
  for (size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<uint16_t>(bytes_[2 * i] << 8 | bytes_[2 * i + 1]);
  }
  const Run gap = LongestZeroRun(groups);
  for (size_t i = 0; i < kGroups; ++i) {
    if (i == gap.begin) {
      text += "::";
      i += gap.size - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    AppendNumber(groups[i], 16, text);
  }
  return text;
}

std::optional<AddressAndPort> ParseAddressAndPort(std::string_view text) {
  const bool is_bracketed = text.starts_with('[');
  const bool is_v6 = is_bracketed || text.find(':') != text.rfind(':');
  const size_t host_end = is_bracketed ? text.find(']') : is_v6 ? text.size() : text.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return std::nullopt;
  const std::string_view host =
      is_bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const size_t port_at = std::min(is_bracketed ? host_end + 1 : host_end, text.size());
  const auto address = is_v6 ? IpAddress::ParseV6(host) : IpAddress::ParseV4(host);
  const auto port = ParsePortBehind(text.substr(port_at));
  if (!address.has_value() || !port.has_value()) return std::nullopt;
  return AddressAndPort{*address, *port};
}

}  // namespace ringmq::base
