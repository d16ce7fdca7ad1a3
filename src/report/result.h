// What one run of the load tool found: the only thing that the reports know of it.
//
// The engine fills a Result, result_json.h writes it to a file, and everything else (text, HTML,
// CSV, JUnit, ...) is made from it, so that a report can be had months after the run. Plain data
// without rules of its own, apart from these:
//   - Times are nanoseconds, durations seconds, memory bytes, rates per second; names say which.
//   - What was not measured is an empty histogram, an empty optional, an empty list or empty text.
//   - Results of several processes that shared one run merge (merge.h): only what cannot be added
//     up is taken from one of them.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "measure/flow.h"
#include "measure/histogram.h"
#include "measure/verdict.h"

namespace ringmq::report {

// Raised when a reader of the old form would misunderstand the new one, not when a key is added.
inline constexpr int kSchemaVersion = 1;

// The metrics of a run, in the order in which reports show them.
enum class Metric : uint8_t {
  kResponse,    // received - due: the headline. Empty in a closed loop.
  kService,     // received - sent
  kAck,         // acked - due, or acked - sent in a closed loop.
  kSendLag,     // sent - due: the generator's own fault meter.
  kConnectTcp,  // From here on: the stages of a connection.
  kConnectTls,
  kConnectWs,
  kConnack,
  kSuback,
  kConnect,       // All of them, from when the connection was due to when the client is ready.
  kConnectLag,    // begun - due: the generator's own fault meter of connects.
  kFirstMessage,  // Of what the broker had kept for a client: since it asked,
  kLastMessage,   // and all of it.
  kWill,          // From the cut of a connection to its will.
};
inline constexpr size_t kMetricCount = 14;

struct Histograms {
  std::array<measure::Histogram, kMetricCount> by_metric;

  [[nodiscard]] measure::Histogram& operator[](Metric metric) {
    return by_metric[static_cast<size_t>(metric)];
  }
  [[nodiscard]] const measure::Histogram& operator[](Metric metric) const {
    return by_metric[static_cast<size_t>(metric)];
  }
};

// Those of one second, as their text (Histogram::Encode()). Empty: not measured.
struct EncodedHistograms {
  std::array<std::string, kMetricCount> by_metric;

  [[nodiscard]] std::string& operator[](Metric metric) {
    return by_metric[static_cast<size_t>(metric)];
  }
  [[nodiscard]] const std::string& operator[](Metric metric) const {
    return by_metric[static_cast<size_t>(metric)];
  }
};

struct Phases {
  double connect_s = 0;
  double warmup_s = 0;
  double measure_s = 0;  // All counters, rates and histograms belong to this phase.
  double drain_s = 0;
};

// Messages of the measure phase.
struct Counters {
  uint64_t offered = 0;   // Due according to the schedule; equals `sent` in a closed loop.
  uint64_t sent = 0;      // Bytes accepted by the socket.
  uint64_t acked = 0;     // PUBACK or PUBCOMP; stays zero at QoS 0.
  uint64_t received = 0;  // Deliveries at subscribers.
  uint64_t expected = 0;  // Deliveries that `sent` should lead to, by the subscription model.
};

struct Rates {
  double offered_per_s = 0;
  double sent_per_s = 0;
  double acked_per_s = 0;
  double received_per_s = 0;
};

struct Errors {
  std::map<uint8_t, uint64_t> by_reason;           // MQTT reason codes >= 0x80.
  std::map<std::string, uint64_t> connect_errors;  // By text: "Connection refused".
  uint64_t reconnects = 0;
};

// Response latency, coarsely, for the heat map: the first cell holds everything below
// kHeatLowestNs, each further one spans a quarter of a doubling, the last has no upper end.
inline constexpr size_t kHeatCells = 80;
inline constexpr int64_t kHeatLowestNs = 16'000;
using HeatColumn = std::array<uint64_t, kHeatCells>;

// One second of the run.
struct Second {
  double at_s = 0;  // End of the second, since the start of the measure phase; negative: warm-up.
  uint64_t offered = 0;
  uint64_t sent = 0;
  uint64_t acked = 0;
  uint64_t received = 0;
  uint64_t errors = 0;
  int64_t response_p50_ns = 0;  // In a closed loop: service time.
  int64_t response_p99_ns = 0;
  int64_t lag_p99_ns = 0;
  double broker_cpu_cores = 0;
  uint64_t broker_rss_bytes = 0;
  HeatColumn heat{};  // All zero: not measured.
};

// The histograms of the samples of one second: of messages that were due in the measure phase,
// whenever they came. All of a run together are its histograms.
struct Interval {
  double at_s = 0;  // End of the second, as that of a Second.
  EncodedHistograms histograms{};
};

// What the broker spent, when it could be watched (same host).
struct BrokerCost {
  int64_t pid = 0;
  std::string name;
  double cpu_s = 0;
  double cpu_s_per_million = 0;  // Per million of CostedMessages().
  uint64_t rss_before_bytes = 0;
  uint64_t rss_after_bytes = 0;
  double rss_bytes_per_connection = 0;
};

// What somebody else said of itself while the run went (telemetry.h).
struct TelemetryCounter {
  std::string name;  // With its labels.
  double before = 0;
  double after = 0;
  double per_s = 0;      // What it grew by, over the time from the first look that had it on.
  double max_per_s = 0;  // Between two looks.
};
struct TelemetryGauge {
  std::string name;
  double min = 0;
  double mean = 0;
  double max = 0;
};
struct Telemetry {
  std::string source;  // A URL, or "$SYS".
  uint64_t looks = 0;
  double from_s = 0;  // The first look, since the run began (negative: before that),
  double to_s = 0;    // and the last one.
  std::vector<TelemetryCounter> counters{};  // That have changed.
  std::vector<TelemetryGauge> gauges{};
};

struct GeneratorCost {
  double cpu_s = 0;
  double cpu_s_per_million = 0;
  double bytes_per_connection = 0;
};

struct Environment {
  std::string cpu_model;
  uint32_t cores = 0;
  std::string kernel;
  std::string engine;    // "io_uring" or "epoll"
  std::string governor;  // Of the processor's frequency.
};

// An assertion of the command line and what became of it.
struct Asserted {
  std::string assertion;  // As it was given: "p99(e2e)<5ms"
  std::string text;       // What was found: "p99(e2e) is 4.1ms"
  bool holds = false;
  bool known = false;  // False: the run did not measure it, so `holds` means nothing.
};

// Of a run whose rate changes: the messages that were due in one phase, whenever they arrived.
struct LoadPhase {
  std::string name;
  double from_s = 0;  // Since the measure phase began.
  // Less than it should have been, or zero, if the run ended before.
  double duration_s = 0;
  double rate_from_per_s = 0;  // What was asked for at its beginning,
  double rate_to_per_s = 0;    // and at its end.
  Counters counters{};
  Rates rates{};                         // What happened in its time, whenever it was due.
  measure::IntegrityCounts integrity{};  // As far as it can be told of which phase something was.
  Histograms histograms{};               // Response, service, ack, send lag.
  std::vector<Asserted> assertions{};    // About this phase.
};

// One rate that `search` tried.
struct SearchPoint {
  double rate_per_s = 0;
  double received_per_s = 0;
  int64_t p50_ns = 0;
  int64_t p99_ns = 0;
  int64_t p999_ns = 0;
  bool holds = false;       // All assertions held and the rate was reached.
  bool is_valid = true;     // As the verdict of its run says.
  std::string result_file;  // Where the whole result of that point lies; may be empty.
};

// Every member has an initialiser, so that naming some of them does not draw a warning.
struct Result {
  int schema_version = kSchemaVersion;
  std::string tool_version{};
  std::string scenario{};      // "pubsub", "conn", ...
  std::string title{};         // For people: "200 pubs → 50 subs  qos1  256 B"
  std::string command_line{};  // Quoted so that a shell runs it again.
  std::string start_time{};    // ISO 8601, UTC
  std::vector<std::pair<std::string, std::string>> config{};  // In the order to show it.
  bool closed_loop = false;                                   // No schedule: service time only.
  uint32_t processes = 1;
  uint64_t connections = 0;
  uint8_t qos = 0;  // Of the publishers.
  // What messages are told apart by: "full", "compact", "corr", "number" (of a request), "none".
  std::string stamp{};       // Empty: there are none.
  std::string verify{};      // "full", "counts" or "off"; empty: "full".
  bool interrupted = false;  // By Ctrl-C or SIGTERM, before its time.

  Phases phases{};
  Counters counters{};
  Rates rates{};
  Histograms histograms{};
  measure::IntegrityCounts integrity{};
  Errors errors{};
  std::vector<Second> series{};
  std::vector<Interval> intervals{};  // If they were asked for.

  std::optional<BrokerCost> broker{};
  GeneratorCost generator{};
  Environment environment{};
  std::vector<Telemetry> telemetry{};

  measure::Verdict verdict{};
  std::vector<Asserted> assertions{};
  std::vector<LoadPhase> load_phases{};  // `run` only, in their order.
  std::vector<SearchPoint> search{};     // `search` only, by rising rate.
  // What only one command measures: "retained_per_s". measure/scalars.h has the names.
  std::map<std::string, double> scalars{};
  std::vector<std::string> notes{};  // Sentences for whoever reads the figures.
  // Of the middle one of several trials (trials.h): a row of texts each, then how far they scatter;
  // the first row is the header. Not in files, which have the trials.
  std::vector<std::vector<std::string>> trials{};
  std::string trials_by{};  // The figure by which it is the middle one: "p99 response".
};

// Of the run, then those of its phases, which say so.
[[nodiscard]] std::vector<Asserted> AllAssertions(const Result& result);

[[nodiscard]] bool AssertionsHold(const Result& result);

// The messages that costs "per million" are divided by: deliveries, or publications when nobody
// subscribed. Of the whole load, as the costs are.
[[nodiscard]] inline uint64_t CostedMessages(const Result& result) {
  return result.integrity.received > 0 ? result.integrity.received : result.counters.sent;
}

// Whether the run looked at a count of its integrity, by the count's name in files: else it is no
// zero, and reports have a blank.
[[nodiscard]] bool IsVerified(const Result& result, std::string_view count);
// The same of each of its phases.
[[nodiscard]] bool IsVerifiedOfPhase(const Result& result, std::string_view count);

// "response", "send_lag", ...: the names in files.
[[nodiscard]] const char* MetricName(Metric metric);

// "response", "send lag", ...: the names for people.
[[nodiscard]] const char* MetricTitle(Metric metric);

// The name that the standard gives to a reason code >= 0x80; "unknown" for others.
[[nodiscard]] const char* ReasonName(uint8_t code);

// The cell of a heat column that a latency belongs to, and where a cell begins.
[[nodiscard]] size_t HeatCellOf(int64_t latency_ns);
[[nodiscard]] int64_t HeatCellLowNs(size_t cell);

// The heat column that a second's own histogram comes down to.
[[nodiscard]] HeatColumn HeatOf(const measure::Histogram& histogram);

}  // namespace ringmq::report
