// SPDX-License-Identifier: Apache-2.0
#include "onlooker.h"

#include "exporter.h"
#include "line_writer.h"

namespace ringmq::bench {

absl::StatusOr<Onlookers> MakeOnlookers(const Settings& settings, const report::Result& known) {
  Onlookers onlookers;
  if (settings.exporter != nullptr) {
    onlookers.push_back(MakeExporting(settings.command, *settings.exporter));
  }
  if (settings.lines_fd >= 0) onlookers.push_back(MakeLineWriter(settings, known));
  return onlookers;
}

}  // namespace ringmq::bench
