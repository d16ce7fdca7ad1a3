// Several runs of the same, and how far they scatter: the figures of each, and of the middle ones.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "report/result.h"

namespace ringmq::report {

// A trial that was interrupted does not count, unless there is no other.
//
// The trial in the middle of those that count, by what was measured first of: response, service,
// what was kept, will, acknowledgement, connecting; else by the first figure that there is
// (figures.h). By its p99, or its p50 if more trials have enough samples for that. Of an even
// number the better one of the two in the middle.
struct Middle {
  size_t trial = 0;
  std::string by{};  // "p99 response"; empty: there is no figure.
};
// Requires: there is one trial.
[[nodiscard]] Middle MiddleOf(std::span<const Result> trials);

// The trial in the middle with Result::trials, where a cell is blank if the trial does not have the
// figure, and a note for each trial that ended otherwise than well: it was interrupted, is not
// valid, has errors, or an assertion fails. Requires: there is one.
[[nodiscard]] Result SummaryOf(std::span<const Result> trials);

}  // namespace ringmq::report
