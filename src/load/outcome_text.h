// The outcome of a part of a run as text, so that the process that had it can hand it over.
//
// Reader and writer are the same program, so there is no version, and nothing has a name: numbers
// and histograms in a fixed order, a space behind each, texts with their length before them. What
// nobody merges is left out: the verdict, the series, the broker's bill, and what each publisher
// has sent.
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
