// The result in Prometheus' text exposition format (version 0.0.4), for a textfile collector.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/result.h"

namespace ringmq::report {

// Times in seconds, memory in bytes; every sample is labelled with the scenario.
[[nodiscard]] std::string PrometheusReport(const Result& result);

}  // namespace ringmq::report
