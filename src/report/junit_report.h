// The result for build servers: the verdict and each assertion as a test case.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/result.h"

namespace ringmq::report {

// An XML document as JUnit's readers take it. An invalid measurement is an error, an assertion
// that does not hold a failure.
[[nodiscard]] std::string JunitReport(const Result& result);

}  // namespace ringmq::report
