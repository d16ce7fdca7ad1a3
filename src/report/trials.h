// Several runs of the same, and how far they scatter: the figures of each, and of the middle ones.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "report/result.h"

namespace ringmq::report {

// The trial in the middle by p99 of what it measured first of: response, service, acknowledgement,
// CONNACK; else by received messages. Of an even number the better one of the two in the middle.
// Requires: there is one.
[[nodiscard]] size_t MiddleOf(std::span<const Result> trials);

// The trial in the middle with Result::trials, and a note for each trial that ended otherwise than
// well: it is not valid, has errors, or an assertion fails. Requires: there is one.
[[nodiscard]] Result SummaryOf(std::span<const Result> trials);

}  // namespace ringmq::report
