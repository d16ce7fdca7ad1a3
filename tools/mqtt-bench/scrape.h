// --scrape URL: what a page of metrics says before, during and after a run, fetched once a second
// by a thread of its own.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "onlooker.h"

namespace ringmq::bench {

// A page that does not answer is no error but a note in the result.
// `pattern` says which samples count; empty: all. Requires: it is one.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Onlooker>> MakeScraper(const std::string& url,
                                                                    const std::string& pattern);

}  // namespace ringmq::bench
