// What this kernel and this sandbox let us do, found out by trying, never by version.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "reactor/ring.h"
#include "reactor/ring_options.h"

namespace ringmq::reactor {

enum class IoBackend : uint8_t { kAuto, kUring, kEpoll };

struct KernelFeatures {
  std::string kernel;  // "Linux 6.1.0-18-amd64"
  // Whether UringRing works here, and if not, one sentence that names the cause and the cure.
  bool uring = false;
  std::string uring_refusal;
  // Each alone; without `uring` all of them are false.
  bool single_issuer = false;
  bool defer_taskrun = false;
  bool coop_taskrun = false;
  bool submit_all = false;
  bool registered_ring = false;
  bool buffer_ring = false;
  bool multishot_accept = false;
  bool multishot_recv = false;
  bool message_ring = false;
  bool send_zero_copy = false;
  bool recv_send_bundle = false;
  bool min_timeout = false;
  bool no_iowait = false;
  bool napi = false;
  // The "tls" upper layer protocol of TCP; says nothing about ciphers.
  bool ktls = false;
};

// Makes a few short-lived rings and sockets; takes a millisecond or so.
[[nodiscard]] KernelFeatures ProbeKernel();

// Makes a ring for the calling thread. kAuto takes io_uring, and where that is forbidden or
// missing, epoll, with one sentence for the operator in *notice (otherwise left empty). Running
// out of memory or descriptors is an error for every backend. Requires: notice != nullptr.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Ring>> MakeRing(IoBackend backend,
                                                             const UringOptions& options,
                                                             std::string* notice);

// Several lines for `ringmqd --features`.
[[nodiscard]] std::string DescribeFeatures(const KernelFeatures& features, IoBackend backend);

}  // namespace ringmq::reactor
