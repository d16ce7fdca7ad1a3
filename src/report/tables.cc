// SPDX-License-Identifier: Apache-2.0
#include "report/tables.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "measure/rate_search.h"
#include "measure/scalars.h"
#include "report/columns.h"
#include "report/telemetry_tables.h"

namespace ringmq::report {
namespace {

using measure::FormatBytes;
using measure::FormatCount;
using measure::FormatRate;
using measure::FormatShare;
using measure::FormatTime;
using measure::Histogram;

bool Has(const Histogram& histogram) { return histogram.count() + histogram.negative() > 0; }

std::string Seconds(double seconds) { return FormatTime(std::llround(seconds * 1e9)); }

// A blank instead of a zero that nobody measured.
std::string TimeText(const Histogram& histogram, int64_t ns) {
  return histogram.count() == 0 ? "" : FormatTime(ns);
}

void AddCountRow(Table& table, const char* name, const std::vector<const Histogram*>& columns,
                 uint64_t (*count)(const Histogram&)) {
  uint64_t sum = 0;
  std::vector<std::string> row = {name};
  for (const Histogram* const histogram : columns) {
    sum += count(*histogram);
    row.push_back(GroupDigits(count(*histogram)));
  }
  if (sum > 0) table.rows.push_back(std::move(row));
}

// One column for each histogram that has samples, one row for each percentile.
Table PercentileTable(std::string title, const Histograms& histograms,
                      const std::vector<Metric>& metrics, Percentiles percentiles) {
  Table table{.title = std::move(title), .values = Align::kRight, .header = {""}};
  std::vector<const Histogram*> columns;
  for (const Metric metric : metrics) {
    if (!Has(histograms[metric])) continue;
    table.header.emplace_back(MetricTitle(metric));
    columns.push_back(&histograms[metric]);
  }
  if (columns.empty()) return table;
  std::vector<std::string> shortest = {"min"};
  std::vector<std::string> mean = {"mean"};
  std::vector<std::string> longest = {"max"};
  for (const Histogram* const histogram : columns) {
    shortest.push_back(TimeText(*histogram, histogram->min()));
    mean.push_back(TimeText(*histogram, std::llround(histogram->mean())));
    longest.push_back(TimeText(*histogram, histogram->max()));
  }
  AddCountRow(table, "samples", columns, [](const Histogram& h) { return h.count(); });
  table.rows.push_back(std::move(shortest));
  table.rows.push_back(std::move(mean));
  for (const double percentile : percentiles) {
    std::vector<std::string> row = {PercentileName(percentile)};
    for (const Histogram* const histogram : columns) {
      row.push_back(PercentileText(*histogram, percentile));
    }
    table.rows.push_back(std::move(row));
  }
  table.rows.push_back(std::move(longest));
  AddCountRow(table, "below zero", columns, [](const Histogram& h) { return h.negative(); });
  AddCountRow(table, "above 1 h", columns, [](const Histogram& h) { return h.saturated(); });
  return table;
}

void AddText(Table& table, const char* name, const std::string& text) {
  if (!text.empty()) table.rows.push_back({name, text});
}

void AddCount(Table& table, const char* name, uint64_t count) {
  table.rows.push_back({name, GroupDigits(count)});
}

}  // namespace

std::string VerdictLine(const Result& result) {
  if (!result.verdict.text.empty()) return result.verdict.text;
  switch (result.verdict.kind) {
    case measure::Verdict::kValid:
      return "VALID";
    case measure::Verdict::kTargetLimited:
      return "VALID, target-limited";
    case measure::Verdict::kGeneratorLimited:
      return "INVALID, generator-limited";
    case measure::Verdict::kIncomplete:
      return "INVALID, incomplete";
    case measure::Verdict::kNotMeasured:
      break;
  }
  return "INVALID, not measured";
}

std::string PercentileText(const Histogram& histogram, double percentile) {
  if (!histogram.Supports(percentile)) return "";
  const int64_t ns = histogram.ValueAtPercentile(percentile);
  // All of these share a bucket, whose end says nothing beside an exact mean.
  return ns < Histogram::kLowestNs ? "<1µs" : FormatTime(ns);
}

std::string PercentileName(double percentile) { return absl::StrFormat("p%g", percentile); }

Table ConfigTable(const Result& result) {
  Table table{.title = "Configuration"};
  for (const auto& [name, value] : result.config) table.rows.push_back({name, value});
  if (result.connections > 0) AddCount(table, "connections", result.connections);
  if (result.processes > 1) AddCount(table, "processes", result.processes);
  if (result.phases.measure_s > 0) {
    AddText(table, "measured",
            absl::StrCat(Seconds(result.phases.measure_s), " (connect ",
                         Seconds(result.phases.connect_s), ", warm-up ",
                         Seconds(result.phases.warmup_s), ", drain ",
                         Seconds(result.phases.drain_s), ")"));
  }
  return table;
}

Table SearchTable(const Result& result) {
  Table table{.title = "Search",
              .values = Align::kRight,
              .header = {"rate", "received", "p50", "p99", "p99.9", ""}};
  const auto time = [](int64_t ns) { return ns > 0 ? FormatTime(ns) : ""; };
  double highest_per_s = 0;
  std::vector<measure::LatencyAtRate> curve;
  for (const SearchPoint& point : result.search) {
    if (point.holds) highest_per_s = std::max(highest_per_s, point.rate_per_s);
    curve.push_back({.rate_per_s = point.rate_per_s, .latency_ns = point.p99_ns});
  }
  const std::optional<double> knee = measure::KneeOf(curve);
  constexpr size_t kRemarkColumns =
      std::string_view("holds, INVALID, the highest that does, the knee").size();
  for (const SearchPoint& point : result.search) {
    std::string remark = point.holds ? "holds" : "does not";
    if (!point.is_valid) absl::StrAppend(&remark, ", INVALID");
    if (point.rate_per_s == highest_per_s) absl::StrAppend(&remark, ", the highest that does");
    if (point.rate_per_s == knee) absl::StrAppend(&remark, ", the knee");
    table.rows.push_back({FormatRate(point.rate_per_s), FormatRate(point.received_per_s),
                          time(point.p50_ns), time(point.p99_ns), time(point.p999_ns),
                          PadRight(remark, kRemarkColumns)});
    table.links.push_back(point.result_file);
  }
  if (knee.has_value()) {
    table.note = "knee: from there on more load costs p99 out of proportion.";
  }
  return table;
}

Table ThroughputTable(const Result& result) {
  Table table{.title = "Throughput", .values = Align::kRight};
  const Counters& counters = result.counters;
  const Rates& rates = result.rates;
  if (counters.offered + counters.sent + counters.received == 0) return table;
  table.header = {"", "messages", "rate"};
  const auto add = [&table](const char* name, uint64_t count, double per_s) {
    table.rows.push_back({name, GroupDigits(count), FormatRate(per_s)});
  };
  if (!result.closed_loop) add("offered", counters.offered, rates.offered_per_s);
  add("sent", counters.sent, rates.sent_per_s);
  if (counters.offered > counters.sent && !result.closed_loop) {
    table.rows.push_back({"never sent", GroupDigits(counters.offered - counters.sent), ""});
    table.note =
        "what was due and never sent is in no percentile; it would have been later than the rest.";
  }
  if (counters.acked > 0) add("acked", counters.acked, rates.acked_per_s);
  add("delivered", counters.received, rates.received_per_s);
  if (counters.expected > 0) {
    table.rows.push_back({"expected", GroupDigits(counters.expected), ""});
  }
  return table;
}

Table PhaseTable(const Result& result) {
  Table table{.title = "Phases", .values = Align::kRight};
  if (result.load_phases.empty()) return table;
  table.header = {"", "rate", "sent", "delivered", "lost", "p50", "p99", "p99.9", "max"};
  for (const LoadPhase& phase : result.load_phases) {
    const Histogram& response = phase.histograms[Metric::kResponse];
    const bool is_held = phase.rate_from_per_s == phase.rate_to_per_s;
    std::string rate = FormatRate(phase.rate_from_per_s);
    if (!is_held) absl::StrAppend(&rate, " to ", FormatRate(phase.rate_to_per_s));
    table.rows.push_back({phase.name, rate, GroupDigits(phase.counters.sent),
                          GroupDigits(phase.counters.received),
                          IsVerifiedOfPhase(result, "lost")
                              ? GroupDigits(phase.integrity.lost + phase.integrity.lost_permitted)
                              : "",
                          PercentileText(response, 50), PercentileText(response, 99),
                          PercentileText(response, 99.9), TimeText(response, response.max())});
  }
  table.note =
      "of the messages that were due in a phase, whenever they arrived; times: from due to "
      "received.";
  return table;
}

Table LatencyTable(const Result& result, Percentiles percentiles) {
  if (result.closed_loop) {
    Table table = PercentileTable("Latency (closed loop, service time only)", result.histograms,
                                  {Metric::kService, Metric::kAck}, percentiles);
    table.note = "Without a schedule nobody knows what waiting users would have seen.";
    return table;
  }
  Table table = PercentileTable(
      "Latency", result.histograms,
      {Metric::kResponse, Metric::kService, Metric::kAck, Metric::kSendLag}, percentiles);
  table.note =
      "response counts from when a message was due (unless a note says otherwise), service from "
      "when it was sent; blank: fewer than 100 samples support it.";
  return table;
}

Table IntegrityTable(const Result& result) {
  Table table{.title = "Integrity", .values = Align::kRight};
  const measure::IntegrityCounts& counts = result.integrity;
  if (counts == measure::IntegrityCounts{}) return table;
  const auto add = [&table, &result](const char* name, const char* words, uint64_t count) {
    table.rows.push_back({words, IsVerified(result, name) ? GroupDigits(count) : "not verified"});
  };
  const auto add_if_any = [&add](const char* name, const char* words, uint64_t count) {
    if (count > 0) add(name, words, count);
  };
  add("received", "received", counts.received);
  add("lost", "lost", counts.lost);
  if (counts.lost_permitted > 0 || result.qos == 0) {
    add("lost_permitted", "lost, permitted at QoS 0", counts.lost_permitted);
  }
  add_if_any("lost_unpromised", "missing, of sessions that had ended", counts.lost_unpromised);
  add_if_any("surplus", "more than expected", counts.surplus);
  add("duplicates", "duplicates", counts.duplicates);
  add_if_any("duplicates_permitted", "duplicates, permitted after a resume",
             counts.duplicates_permitted);
  add("reordered", "reordered", counts.reordered);
  add_if_any("too_old", "too late to tell which", counts.too_old);
  add("corrupt", "corrupt", counts.corrupt);
  add("misrouted", "misrouted", counts.misrouted);
  add("wrong_qos", "wrong QoS", counts.wrong_qos);
  add_if_any("foreign", "of others", counts.foreign);
  return table;
}

Table ErrorTable(const Result& result) {
  Table table{.title = "Errors", .values = Align::kRight};
  const Errors& errors = result.errors;
  for (const auto& [text, count] : errors.connect_errors) {
    table.rows.push_back({text, GroupDigits(count)});
  }
  for (const auto& [code, count] : errors.by_reason) {
    table.rows.push_back(
        {absl::StrFormat("of these reason 0x%02X %s", code, ReasonName(code)), GroupDigits(count)});
  }
  if (errors.reconnects > 0) AddCount(table, "reconnects", errors.reconnects);
  if (table.rows.empty()) table.rows.push_back({"none", ""});
  return table;
}

Table ConnectTable(const Result& result, Percentiles percentiles) {
  return PercentileTable("Connecting", result.histograms,
                         {Metric::kConnectTcp, Metric::kConnectTls, Metric::kConnectWs,
                          Metric::kConnack, Metric::kSuback, Metric::kConnect, Metric::kConnectLag},
                         percentiles);
}

Table KeptTable(const Result& result, Percentiles percentiles) {
  return PercentileTable("What the broker had kept", result.histograms,
                         {Metric::kFirstMessage, Metric::kLastMessage, Metric::kWill}, percentiles);
}

Table EfficiencyTable(const Result& result) {
  Table table{.title = "Efficiency", .values = Align::kRight, .header = {""}};
  std::vector<std::string> cpu = {"CPU seconds"};
  std::vector<std::string> cpu_per_million = {"CPU seconds per million messages"};
  std::vector<std::string> per_cpu = {"messages per CPU second"};
  std::vector<std::string> rss = {"memory (RSS) before → after"};
  std::vector<std::string> per_connection = {"memory per connection"};
  const auto add_cpu = [&](double cpu_s, double per_million) {
    cpu.push_back(absl::StrFormat("%.2f", cpu_s));
    cpu_per_million.push_back(per_million > 0 ? absl::StrFormat("%.3f", per_million) : "");
    per_cpu.push_back(per_million > 0 ? FormatCount(1e6 / per_million) : "");
  };
  if (result.broker) {
    const BrokerCost& broker = *result.broker;
    table.header.push_back(absl::StrCat("broker (", broker.name, ", pid ", broker.pid, ")"));
    add_cpu(broker.cpu_s, broker.cpu_s_per_million);
    rss.push_back(absl::StrCat(FormatBytes(static_cast<double>(broker.rss_before_bytes)), " → ",
                               FormatBytes(static_cast<double>(broker.rss_after_bytes))));
    const double each = broker.rss_bytes_per_connection;
    per_connection.push_back(each > 0 ? FormatBytes(each) : "");
  }
  table.header.emplace_back("generator");
  add_cpu(result.generator.cpu_s, result.generator.cpu_s_per_million);
  rss.emplace_back("");
  const double own = result.generator.bytes_per_connection;
  per_connection.push_back(own > 0 ? FormatBytes(own) : "");
  table.rows = {cpu, cpu_per_million, per_cpu};
  if (result.broker) table.rows.push_back(rss);
  const bool is_known = std::any_of(per_connection.begin() + 1, per_connection.end(),
                                    [](const std::string& text) { return !text.empty(); });
  if (is_known) table.rows.push_back(per_connection);
  return table;
}

Table ScalarTable(const Result& result) {
  Table table{.title = "Also measured", .values = Align::kRight};
  for (const auto& [name, value] : result.scalars) {
    const std::string_view view = name;
    std::string text = FormatCount(value);
    if (view.ends_with("_ns")) {
      text = FormatTime(std::llround(value));
    } else if (view.ends_with("_per_s")) {
      text = FormatRate(value);
    } else if (view.ends_with("_s")) {
      text = Seconds(value);
    } else if (view.ends_with("_bytes")) {
      text = FormatBytes(value);
    } else if (view.ends_with("_share")) {
      text = FormatShare(value);
    }
    const measure::ScalarName* const known = measure::FindScalar(name);
    table.rows.push_back({known == nullptr ? name : std::string(known->words), text});
  }
  return table;
}

Table NoteTable(const Result& result) {
  Table table{.title = "Notes"};
  for (const std::string& note : result.notes) table.rows.push_back({note});
  return table;
}

Table AssertionTable(const Result& result) {
  Table table{.title = "Assertions"};
  // The text says what was demanded, whether it holds, and what was found.
  for (const Asserted& asserted : AllAssertions(result)) table.rows.push_back({asserted.text});
  return table;
}

Table EnvironmentTable(const Result& result) {
  Table table{.title = "Environment"};
  const Environment& environment = result.environment;
  AddText(table, "processor", environment.cpu_model);
  if (environment.cores > 0) AddCount(table, "cores", environment.cores);
  AddText(table, "kernel", environment.kernel);
  AddText(table, "engine", environment.engine);
  AddText(table, "governor", environment.governor);
  AddText(table, "mqtt-bench", result.tool_version);
  AddText(table, "started", result.start_time);
  return table;
}

Table TrialTable(const Result& result) {
  Table table{.title = "Trials", .values = Align::kRight};
  if (result.trials.empty()) return table;
  table.header = result.trials.front();
  table.rows.assign(result.trials.begin() + 1, result.trials.end());
  table.note = "what follows is of the one in the middle";
  if (!result.trials_by.empty()) absl::StrAppend(&table.note, " by ", result.trials_by);
  return table;
}

std::vector<Table> AllTables(const Result& result, Percentiles percentiles) {
  std::vector<Table> tables = {TrialTable(result),
                               ConfigTable(result),
                               SearchTable(result),
                               NoteTable(result),
                               AssertionTable(result),
                               PhaseTable(result),
                               ThroughputTable(result),
                               LatencyTable(result, percentiles),
                               KeptTable(result, percentiles),
                               IntegrityTable(result),
                               ErrorTable(result),
                               ScalarTable(result),
                               ConnectTable(result, percentiles),
                               EfficiencyTable(result)};
  for (Table& table : TelemetryTables(result, kTelemetryRows)) tables.push_back(std::move(table));
  tables.push_back(EnvironmentTable(result));
  std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
  return tables;
}

}  // namespace ringmq::report
