// A file with given content for the time of one test.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"

namespace ringmq::broker {

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content, mode_t mode = 0600) {
    char path[] = "/tmp/ringmq_edges_XXXXXX";
    const int fd = ::mkstemp(path);
    RMQ_CHECK(fd >= 0);
    RMQ_CHECK(::fchmod(fd, mode) == 0);
    RMQ_CHECK(::close(fd) == 0);
    path_ = path;
    std::ofstream(path_, std::ios::binary).write(content.data(), std::ssize(content));
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ringmq::broker
