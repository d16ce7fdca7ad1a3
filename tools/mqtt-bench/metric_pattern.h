// --scrape-only: which metrics count, by a regular expression (POSIX, extended) for their names.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regex.h>

#include <string>

namespace ringmq::bench {

// What is wrong with it; empty: nothing.
[[nodiscard]] std::string WhyNoPattern(const std::string& pattern);

class MetricPattern {
 public:
  // Empty: all count. Requires: nothing is wrong with it.
  explicit MetricPattern(const std::string& pattern);
  ~MetricPattern();
  MetricPattern(const MetricPattern&) = delete;
  MetricPattern& operator=(const MetricPattern&) = delete;

  [[nodiscard]] bool Fits(const std::string& name) const;

 private:
  const bool is_any_;
  regex_t compiled_{};
};

}  // namespace ringmq::bench
