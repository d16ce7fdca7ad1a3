// What a broker says of itself in $SYS, put together as a report shows it. Pure.
//
// What it had kept when somebody subscribed is as old as its last burst, so up to an interval older
// than the run: no rate counts from it. The looks are the bursts that it sends meanwhile; to the
// first of them belongs what was kept in topics that it does not have, for some brokers leave out
// what has not changed.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metric_pattern.h"
#include "report/result.h"
#include "report/telemetry.h"

namespace ringmq::bench {

struct SysMessage {
  std::string_view topic;
  std::string_view payload;
  bool is_kept = false;  // It was there before.
  int64_t at_ns = 0;
};

class SysLog {
 public:
  // Of --scrape-only. Requires: it is one, or empty.
  explicit SysLog(const std::string& pattern) : pattern_(pattern), pattern_text_(pattern) {}

  // Times never fall.
  void Hear(const SysMessage& message);
  // Nothing has come: after some time of it a burst is over.
  void OnSilence(int64_t now_ns);
  // Something came, and is over.
  [[nodiscard]] bool has_looked() const { return has_looked_; }

  struct Span {
    int64_t from_ns = 0;
    int64_t to_ns = 0;
  };
  // Into the result of a run of that time. The last call.
  void Conclude(const Span& run, report::Result& result);

 private:
  void EndBurst();
  void AddKept();
  [[nodiscard]] std::string NoteOf(const Span& run) const;

  const MetricPattern pattern_;
  const std::string pattern_text_;
  report::TelemetryLog log_;
  std::vector<report::TelemetrySample> kept_;
  std::vector<report::TelemetrySample> burst_;  // Since it was silent.
  bool is_burst_ = false;                       // Though nothing of it may count.
  bool heard_numbers_ = false;
  bool has_looked_ = false;
  uint64_t bursts_ = 0;
  int64_t burst_ns_ = 0;       // When it began,
  int64_t last_burst_ns_ = 0;  // and the last that is over.
  int64_t first_burst_ns_ = 0;
  int64_t heard_ns_ = 0;  // The last message.
};

}  // namespace ringmq::bench
