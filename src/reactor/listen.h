// Listening TCP sockets, and the names of the ends of a connection. For start-up: resolving a
// host name may block.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringmq::reactor {

struct ListenOptions {
  int backlog = 4096;
  // One listener a shard, all on the same port: the kernel spreads connections over them.
  bool reuse_port = false;
  bool dual_stack = false;  // "::" takes IPv4 too.
  std::string device{};     // Name of a network device to take connections from; empty: all.
  // Of accepted connections; 0: the kernel's.
  uint32_t keep_alive_s = 0;  // Idle time before TCP's first probe; 0: no probes.
  uint32_t user_timeout_ms = 0;
  uint32_t send_buffer_bytes = 0;
  uint32_t receive_buffer_bytes = 0;
};

// `host_name` is an address, a name, or empty for every IPv4 address; "::" is every IPv6 address
// and, unless dual_stack is set, no IPv4 one. Port 0 lets the kernel choose. The descriptor is
// non-blocking and close-on-exec, and what it accepts has TCP_NODELAY set. The caller owns it.
[[nodiscard]] absl::StatusOr<int> ListenTcp(std::string_view host_name, uint16_t port,
                                            const ListenOptions& options = {});

struct UnixListenOptions {
  int backlog = 4096;
  uint32_t mode = 0660;  // Permissions of the file, which decide who may connect.
  // Names of the file's owner and group; empty: the process's own.
  std::string owner{};
  std::string group{};
};

// A Unix stream socket. "@name" is in the abstract namespace, where there is no file. A file that a
// dead process left is replaced; one that somebody listens on, or that is no socket, is not.
// The caller owns the descriptor, and removes the file.
[[nodiscard]] absl::StatusOr<int> ListenUnix(const std::string& path,
                                             const UnixListenOptions& options = {});

// The port that a socket is bound to; 0 if it is none.
[[nodiscard]] uint16_t LocalPort(int fd);

// "192.0.2.1:1883", "[2001:db8::1]:1883", "unix", or "?" if nobody is connected.
[[nodiscard]] std::string PeerName(int fd);

}  // namespace ringmq::reactor
