// Where OpenSSL reads and writes instead of a socket: the bytes that a layer is just given, and the
// sink for those it has to send. Nothing is kept in between, so nothing is copied twice.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "transport/layer.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

// Where in a TLS record a stream is: records have a header of five bytes, the last two of which are
// the length of what follows.
class TlsRecordCursor {
 public:
  void Advance(std::span<const uint8_t> bytes);
  // How many bytes are certain to belong to the record under way; 0 between two records.
  [[nodiscard]] size_t missing_bytes() const;

 private:
  static constexpr size_t kHeaderBytes = 5;
  std::array<uint8_t, kHeaderBytes> header_ = {};
  size_t header_bytes_ = 0;
  size_t body_bytes_ = 0;  // Still to come, of a record whose header is complete.
};

struct TlsWire {
  std::span<const uint8_t> input;  // OpenSSL takes from its front.
  ByteSink* down = nullptr;        // Null outside calls of the layer.
  TlsRecordCursor cursor;          // Of the input.

  [[nodiscard]] TlsBio MakeBio();  // The wire must outlive it and stay where it is.
};

}  // namespace ringmq::transport
