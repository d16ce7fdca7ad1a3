// A text in Prometheus' exposition format (version 0.0.4) under construction.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ringmq::report {

class PrometheusPage {
 public:
  // Every sample has the label.
  explicit PrometheusPage(std::string_view scenario)
      : label_(absl::StrCat("scenario=\"",
                            absl::StrReplaceAll(absl::string_view(scenario.data(), scenario.size()),
                                                {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                            "\"")) {}

  void Describe(const char* name, const char* type, const char* help) {
    absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
  }
  void Add(std::string_view name, const std::string& labels, double value) {
    absl::StrAppend(&text_, std::string(name), "{", label_, labels.empty() ? "" : ",", labels, "} ",
                    value, "\n");
  }
  void AddGauge(const char* name, const char* help, double value) {
    Describe(name, "gauge", help);
    Add(name, "", value);
  }
  // Of which large ones have all their digits.
  void AddCounter(const char* name, const char* help, uint64_t value) {
    Describe(name, "counter", help);
    absl::StrAppend(&text_, name, "{", label_, "} ", value, "\n");
  }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  const std::string label_;
  std::string text_;
};

}  // namespace ringmq::report
