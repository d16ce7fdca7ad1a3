// A file of session keys, in the format that Wireshark reads, for looking into one's own traffic.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace ringmq::transport {

// Any thread may write: each line is one write() to a file opened for appending.
class TlsKeyLog {
 public:
  // Makes the file, readable for its owner only, if it is not there.
  static absl::StatusOr<std::unique_ptr<TlsKeyLog>> Open(const std::string& path);
  ~TlsKeyLog();
  TlsKeyLog(const TlsKeyLog&) = delete;
  TlsKeyLog& operator=(const TlsKeyLog&) = delete;

  void Write(std::string_view line) const;

 private:
  explicit TlsKeyLog(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace ringmq::transport
