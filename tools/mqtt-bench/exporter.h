// --prometheus host:port: the run as metrics while it goes, and its final values until the process
// ends. Counters are of the whole run, warm-up included; quantiles of the last second.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "http.h"
#include "load/tick.h"
#include "onlooker.h"
#include "report/result.h"

namespace ringmq::bench {

struct HostAndPort {
  std::string host;
  uint16_t port = 0;
};

// What --prometheus was given, if it is an address: what contains a '/', or does not end with ':'
// and digits, is a file. Without a host: all addresses of this one.
[[nodiscard]] std::optional<HostAndPort> MetricsAddress(std::string_view text);

// What is wrong with it; empty: nothing. What ends as an address does and is none would be a file
// that nobody means.
[[nodiscard]] std::string WhyNoMetricsTarget(const std::string& text);

// What is served of a run under way.
[[nodiscard]] std::string LiveMetrics(const std::string& scenario, const load::Tick& tick);

class Exporter {
 public:
  Exporter();

  // Says on standard error where it is.
  [[nodiscard]] absl::Status Bind(const HostAndPort& address);
  // Serves from now on; what is served already stays.
  void Begin(std::string text);
  // Served from now on.
  void Publish(std::string text);

 private:
  std::mutex mutex_;
  std::string text_;  // Empty: nothing is served.
  HttpPage page_;
};

// `exporter` outlives it.
[[nodiscard]] std::unique_ptr<Onlooker> MakeExporting(const std::string& scenario,
                                                      Exporter& exporter);

}  // namespace ringmq::bench
