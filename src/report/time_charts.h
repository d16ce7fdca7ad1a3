// The run over time. All of these charts have the same axis across, so that what happened at once
// stands above each other.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "report/page.h"
#include "report/result.h"
#include "report/slots.h"

namespace ringmq::report {

// Nothing where the run did not measure it.
[[nodiscard]] std::optional<Figure> TrafficChart(const Result& result, const Slots& slots);
[[nodiscard]] std::optional<Figure> HeatMap(const Result& result, const Slots& slots);
[[nodiscard]] std::optional<Figure> SendLagStrip(const Result& result, const Slots& slots);
[[nodiscard]] std::optional<Figure> BrokerCpuChart(const Result& result, const Slots& slots);
[[nodiscard]] std::optional<Figure> BrokerMemoryChart(const Result& result, const Slots& slots);

}  // namespace ringmq::report
