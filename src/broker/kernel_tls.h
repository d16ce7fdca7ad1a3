// What a shard has done on a socket whose TLS is the kernel's: the records that are no data do not
// come through the ring.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "broker/config.h"
#include "broker/limits.h"
#include "transport/control_record.h"
#include "transport/layer.h"

namespace ringmq::broker {

// Null: no connection moves into the kernel.
struct KernelTls {
  // After a receive that failed with EIO or EBADMSG. Takes one record; data goes to `up`.
  std::function<transport::ControlResult(int fd, transport::ByteSink& up)> read_control;
  // close_notify, if the socket has room for it.
  std::function<void(int fd)> say_goodbye;
  // A connection that has sent so much ends, since its key cannot be changed.
  uint64_t sealed_bytes_max = kKernelSealedBytesMax;
};

// For the sockets that this process accepts. Null: none of the listeners wants it, or this kernel
// cannot. Tries the kernel on a few sockets of its own.
[[nodiscard]] KernelTls MakeKernelTls(const Config& config);

// A line for each cipher, for `ringmqd --features`.
[[nodiscard]] std::string DescribeKernelTls();

}  // namespace ringmq::broker
