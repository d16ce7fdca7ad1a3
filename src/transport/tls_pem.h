// The blocks of a PEM file, read strictly: a file that is cut off or damaged anywhere is refused as
// a whole, for half a revocation list would let in whom the other half names.
//
//   text | -----BEGIN label----- | base64 | -----END label----- | text ...
//
// Text between blocks is anybody's, but for what looks like the beginning or the end of one.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "transport/tls_handles.h"

namespace ringmq::transport {

class TlsPemReader {
 public:
  // Both must outlive this. `path` is for errors.
  TlsPemReader(const std::string& text, const std::string& path);
  ~TlsPemReader();
  TlsPemReader(const TlsPemReader&) = delete;
  TlsPemReader& operator=(const TlsPemReader&) = delete;

  // False: no more, or status() says what is wrong.
  [[nodiscard]] bool Next();
  [[nodiscard]] const absl::Status& status() const { return status_; }

  // Of the block that Next() has found, valid until it is called again.
  [[nodiscard]] std::string_view label() const { return label_; }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return {data_, size_bytes_}; }
  // Makes status() say that this block cannot be used.
  void Refuse(std::string_view cause);

 private:
  struct Start {
    int line = 0;
    std::string label;
  };

  void FindStarts();
  void RefuseLine(int line, std::string_view what);
  void Free();

  const std::string& text_;
  const std::string& path_;
  TlsBio bio_;
  std::vector<Start> starts_;
  size_t number_ = 0;  // Of the present block, from 1.
  char* label_ = nullptr;
  char* header_ = nullptr;
  unsigned char* data_ = nullptr;
  size_t size_bytes_ = 0;
  absl::Status status_;
};

}  // namespace ringmq::transport
