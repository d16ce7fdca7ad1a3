// The outcome of a part of a run as text, so that the process that had it can hand it over.
//
// What nobody merges is left out: the verdict, the series, the broker's bill, the phases of the
// load, and what each publisher has sent.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "load/run.h"

namespace ringmq::load {

[[nodiscard]] std::string ToText(const Outcome& outcome);

// Nothing: who wrote it did not get to the end. Any text is legal to pass.
[[nodiscard]] std::optional<Outcome> OutcomeFromText(std::string_view text);

}  // namespace ringmq::load
