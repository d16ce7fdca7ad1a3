// What a result says in words and numbers, as tables: the one place that decides what a report
// shows, how it is called and what stays blank. The text and the HTML report only set them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/result.h"

namespace ringmq::report {

enum class Align : uint8_t { kLeft, kRight };

struct Table {
  std::string title;
  Align values = Align::kLeft;        // Of all columns but the first.
  std::vector<std::string> header{};  // Empty: none.
  std::vector<std::vector<std::string>> rows{};
  std::string note{};  // A sentence beneath, if there is something to explain.
  // Of each row: the file that tells more of it, or nothing. Empty: none has.
  std::vector<std::string> links{};
};

// The percentiles that reports show.
inline constexpr double kShownPercentiles[] = {50, 75, 90, 95, 99, 99.9, 99.99, 99.999};
// Those that somebody wants to see instead, as the rows or columns of tables, in that order.
using Percentiles = std::span<const double>;

// The verdict line, and whether it is one to trust.
[[nodiscard]] std::string VerdictLine(const Result& result);

// The percentile as text; blank where fewer than 100 samples support it.
[[nodiscard]] std::string PercentileText(const measure::Histogram& histogram, double percentile);

// "p50", "p99.9"
[[nodiscard]] std::string PercentileName(double percentile);

// Of several trials, of which this is the middle one.
[[nodiscard]] Table TrialTable(const Result& result);
[[nodiscard]] Table ConfigTable(const Result& result);
// The curve of `search`, with the highest rate that holds and the knee marked.
[[nodiscard]] Table SearchTable(const Result& result);
[[nodiscard]] Table ThroughputTable(const Result& result);
// Of a run whose rate changes, what was due in each phase.
[[nodiscard]] Table PhaseTable(const Result& result);

// Response beside service time, then ack and send lag. In a closed loop there is no response time,
// and the title says so.
[[nodiscard]] Table LatencyTable(const Result& result, Percentiles percentiles = kShownPercentiles);

[[nodiscard]] Table IntegrityTable(const Result& result);
[[nodiscard]] Table ErrorTable(const Result& result);
[[nodiscard]] Table ConnectTable(const Result& result, Percentiles percentiles = kShownPercentiles);
// Retained messages, queues of sessions, wills: how long they took to arrive.
[[nodiscard]] Table KeptTable(const Result& result, Percentiles percentiles = kShownPercentiles);
[[nodiscard]] Table EfficiencyTable(const Result& result);
[[nodiscard]] Table ScalarTable(const Result& result);
[[nodiscard]] Table NoteTable(const Result& result);
[[nodiscard]] Table AssertionTable(const Result& result);
[[nodiscard]] Table EnvironmentTable(const Result& result);

// All of them in the order of the report, without those that have nothing to say.
[[nodiscard]] std::vector<Table> AllTables(const Result& result,
                                           Percentiles percentiles = kShownPercentiles);

}  // namespace ringmq::report
