// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_wire.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace ringmq::transport {
namespace {

int Read(BIO* bio, char* buffer, size_t size_bytes, size_t* read_bytes) {
  auto* const wire = static_cast<TlsWire*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const size_t count = std::min(size_bytes, wire->input.size());
  *read_bytes = count;
  if (count == 0) {
    BIO_set_retry_read(bio);  // Not the end of the stream: more comes with the next Receive().
    return 0;
  }
  std::memcpy(buffer, wire->input.data(), count);
  wire->cursor.Advance(wire->input.first(count));
  wire->input = wire->input.subspan(count);
  return 1;
}

int Write(BIO* bio, const char* bytes, size_t size_bytes, size_t* written_bytes) {
  auto* const wire = static_cast<TlsWire*>(BIO_get_data(bio));
  RMQ_CHECK(wire->down != nullptr);
  BIO_clear_retry_flags(bio);
  std::memcpy(wire->down->Append(size_bytes), bytes, size_bytes);
  *written_bytes = size_bytes;
  return 1;
}

long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

BIO_METHOD* MakeMethod() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ringmq");
  RMQ_CHECK(method != nullptr);
  BIO_meth_set_read_ex(method, Read);
  BIO_meth_set_write_ex(method, Write);
  BIO_meth_set_ctrl(method, Control);
  BIO_meth_set_create(method, Create);
  return method;
}

}  // namespace

void TlsRecordCursor::Advance(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    if (body_bytes_ > 0) {
      const size_t count = std::min(body_bytes_, bytes.size());
      body_bytes_ -= count;
      bytes = bytes.subspan(count);
      continue;
    }
    header_[header_bytes_++] = bytes[0];
    bytes = bytes.subspan(1);
    if (header_bytes_ < kHeaderBytes) continue;
    header_bytes_ = 0;
    body_bytes_ = static_cast<size_t>(header_[3]) << 8 | header_[4];
  }
}

size_t TlsRecordCursor::missing_bytes() const {
  if (body_bytes_ > 0) return body_bytes_;
  return header_bytes_ == 0 ? 0 : kHeaderBytes - header_bytes_;
}

TlsBio TlsWire::MakeBio() {
  // One for the program; lives as long as it does.
  static BIO_METHOD* const method = MakeMethod();
  TlsBio bio(BIO_new(method));
  RMQ_CHECK(bio != nullptr);
  BIO_set_data(bio.get(), this);
  return bio;
}

}  // namespace ringmq::transport
