// Blocks of addresses that an operator named: who is a trusted proxy.
//
//   "10.0.0.0/8"  "192.0.2.7"  "fd00::/8"  "::1"  "unix"
//
// A block of IPv4 holds IPv4 only, mapped or not, and a block of IPv6 never does: "::/0" trusts no
// IPv4 peer.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"

namespace ringmq::base {

// Each connection walks over them; a longer list is a firewall's business.
inline constexpr size_t kAddressBlocksMax = 256;

class AddressSet {
 public:
  // Adds one block, address or "unix". Empty: done. Otherwise a sentence for the operator that
  // says what is wrong or was expected; it does not repeat `text`.
  [[nodiscard]] std::string Add(std::string_view text);

  [[nodiscard]] bool Contains(const IpAddress& address) const;
  // Peers behind Unix-domain sockets, who have no address.
  [[nodiscard]] bool contains_unix() const { return contains_unix_; }
  [[nodiscard]] bool empty() const { return blocks_.empty() && !contains_unix_; }

 private:
  struct Block {
    IpAddress first;
    size_t prefix_bits = 0;  // Of 128; an IPv4 block's are 96 more than what was written.
  };

  std::vector<Block> blocks_;
  bool contains_unix_ = false;
};

}  // namespace ringmq::base
