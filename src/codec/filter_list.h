// Walks the topic filters of a decoded SUBSCRIBE or UNSUBSCRIBE in place.
//
//   SUBSCRIBE    *( length:16 filter options:8 )     5.0 s3.8.3
//   UNSUBSCRIBE  *( length:16 filter )               5.0 s3.10.3
//
//   for (const Subscription& one : SubscribeFilters(subscribe, version)) ...
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/check.h"
#include "codec/packets.h"

namespace ringmq::codec {

struct Subscription {
  std::string_view filter;  // Points into the packet.
  SubscriptionOptions options;
};

// 5.0 s3.8.3.1. Before 5.0 only the QoS counts; 3.1 leaves the other bits undefined.
// Requires: QoS and retain handling are not 3.
constexpr SubscriptionOptions OptionsOf(uint8_t byte, ProtocolVersion version) {
  SubscriptionOptions options{.qos = static_cast<Qos>(byte & 0x03)};
  if (version != ProtocolVersion::kV5) return options;
  options.no_local = (byte & 0x04) != 0;
  options.retain_as_published = (byte & 0x08) != 0;
  options.retain_handling = static_cast<RetainHandling>(byte >> 4 & 0x03);
  return options;
}

constexpr uint8_t ByteOf(const SubscriptionOptions& options, ProtocolVersion version) {
  const auto qos = static_cast<uint8_t>(options.qos);
  if (version != ProtocolVersion::kV5) return qos;
  return static_cast<uint8_t>(qos | (options.no_local ? 0x04 : 0) |
                              (options.retain_as_published ? 0x08 : 0) |
                              static_cast<uint8_t>(options.retain_handling) << 4);
}

// A forward range over validated bytes.
template <typename Item, bool kHasOptions>
class FilterRange {
 public:
  class Iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Item*;
    using reference = Item;

    Iterator() = default;
    Iterator(Bytes left, ProtocolVersion version) : left_(left), version_(version) {}

    Item operator*() const {
      const std::string_view filter(reinterpret_cast<const char*>(left_.data()) + 2, length());
      if constexpr (kHasOptions) {
        return Item{filter, OptionsOf(left_[2 + length()], version_)};
      } else {
        return filter;
      }
    }
    Iterator& operator++() {
      left_ = left_.subspan(2 + length() + (kHasOptions ? 1 : 0));
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return left_.size() == other.left_.size(); }

   private:
    [[nodiscard]] size_t length() const {
      RMQ_CHECK(left_.size() >= 2);
      const auto length = static_cast<size_t>(left_[0] << 8 | left_[1]);
      RMQ_CHECK(left_.size() >= 2 + length + (kHasOptions ? 1 : 0));
      return length;
    }

    Bytes left_;
    ProtocolVersion version_ = ProtocolVersion::kV5;
  };

  // Requires: `filters` came from the decoder or from a filter writer.
  FilterRange(Bytes filters, ProtocolVersion version) : filters_(filters), version_(version) {}

  [[nodiscard]] Iterator begin() const { return {filters_, version_}; }
  [[nodiscard]] Iterator end() const { return {Bytes{}, version_}; }

 private:
  Bytes filters_;
  ProtocolVersion version_;
};

class SubscribeFilters : public FilterRange<Subscription, true> {
 public:
  SubscribeFilters(const Subscribe& subscribe, ProtocolVersion version)
      : FilterRange(subscribe.filters, version) {}
};

class UnsubscribeFilters : public FilterRange<std::string_view, false> {
 public:
  explicit UnsubscribeFilters(const Unsubscribe& unsubscribe)
      : FilterRange(unsubscribe.filters, ProtocolVersion::kV5) {}
};

}  // namespace ringmq::codec
