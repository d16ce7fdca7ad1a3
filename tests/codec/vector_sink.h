// A FrameSink that keeps everything in one vector, for tests.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "codec/frame_sink.h"

namespace ringmq::codec {

class VectorSink : public FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    bytes.resize(bytes.size() + size_bytes);
    return bytes.data() + (bytes.size() - size_bytes);
  }
  void AppendPayload(const MessageRef& message) override {
    ++payload_references;
    const Bytes payload = message.payload();
    bytes.insert(bytes.end(), payload.begin(), payload.end());
  }
  [[nodiscard]] size_t pending_bytes() const override { return bytes.size(); }

  std::vector<uint8_t> Take() { return std::exchange(bytes, {}); }

  std::vector<uint8_t> bytes;
  int payload_references = 0;
};

}  // namespace ringmq::codec
