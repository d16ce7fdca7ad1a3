// SPDX-License-Identifier: Apache-2.0
#include "metric_pattern.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace ringmq::bench {
namespace {

constexpr int kFlags = REG_EXTENDED | REG_NOSUB;

}  // namespace

MetricPattern::MetricPattern(const std::string& pattern) : is_any_(pattern.empty()) {
  if (!is_any_) RMQ_CHECK(regcomp(&compiled_, pattern.c_str(), kFlags) == 0);
}

MetricPattern::~MetricPattern() {
  if (!is_any_) regfree(&compiled_);
}

bool MetricPattern::Fits(const std::string& name) const {
  return is_any_ || regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0;
}

std::string WhyNoPattern(const std::string& pattern) {
  regex_t compiled;
  const int error = regcomp(&compiled, pattern.c_str(), kFlags);
  if (error == 0) {
    regfree(&compiled);
    return "";
  }
  char text[256];
  regerror(error, &compiled, text, sizeof(text));
  return absl::StrCat("'", pattern, "' is no regular expression: ", text);
}

}  // namespace ringmq::bench
