// Where encoded packets go: the one thing that session and codec know of a connection's output.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/message.h"

namespace ringmq::codec {

class FrameSink {
 public:
  virtual ~FrameSink() = default;

  // Appends `size_bytes` contiguous bytes that the caller fills before it calls anything else.
  [[nodiscard]] virtual uint8_t* Append(size_t size_bytes) = 0;

  // Appends the message's payload, by reference or by copy as the sink sees fit.
  virtual void AppendPayload(const MessageRef& message) = 0;

  // Bytes that wait to be sent; what flow control looks at.
  [[nodiscard]] virtual size_t pending_bytes() const = 0;
};

}  // namespace ringmq::codec
