// SPDX-License-Identifier: Apache-2.0
#include "finish.h"

#include <cstdio>
#include <string>
#include <vector>

#include "outputs.h"
#include "percentiles.h"
#include "run_once.h"

namespace ringmq::bench {

int Complain(const absl::Status& status, int code) {
  std::fprintf(stderr, "mqtt-bench: %s\n", std::string(status.message()).c_str());
  return code;
}

int Finish(const report::Result& result, const Settings& settings) {
  // The command line has made sure of it.
  const std::vector<double> percentiles =
      ParsePercentiles(settings.percentiles).value_or(std::vector<double>());
  PrintReport(result, percentiles);
  const absl::Status status = WriteOutputs(result, settings.outputs, percentiles);
  if (!status.ok()) {
    return Complain(status, kRunFailed);
  }
  return ExitCodeOf(result, settings.allow_invalid);
}

}  // namespace ringmq::bench
