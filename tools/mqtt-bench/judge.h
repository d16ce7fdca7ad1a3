// Holds a result against what was demanded of it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "measure/assertion.h"
#include "report/result.h"

namespace ringmq::bench {

// An error names the assertion and shows one that is right.
[[nodiscard]] absl::StatusOr<std::vector<measure::Assertion>> ParseAssertions(
    const std::vector<std::string>& texts);

// The value of "p99(response)", "loss", "rate", "cpu_per_million", ... Nothing: not measured.
[[nodiscard]] std::optional<double> ValueOf(const report::Result& result, std::string_view metric);

// Whether it can be said of one phase of a run: its times, rates, losses.
[[nodiscard]] bool IsOfPhase(const measure::Assertion& assertion);

enum class OfWhat : uint8_t { kRun, kPhase };

// Whether a run with such stamps and such verification, which is all that `kind` is asked for, can
// tell what the assertion is about.
[[nodiscard]] bool CanTell(const report::Result& kind, const measure::Assertion& assertion,
                           OfWhat of_what);

// Fills phase.assertions; `whole` is its run.
void JudgePhaseBy(const std::vector<measure::Assertion>& assertions, const report::Result& whole,
                  report::LoadPhase& phase);

// Fills result.assertions.
void JudgeBy(const std::vector<measure::Assertion>& assertions, report::Result& result);

}  // namespace ringmq::bench
