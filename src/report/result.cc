// SPDX-License-Identifier: Apache-2.0
#include "report/result.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace ringmq::report {
namespace {

constexpr int kHeatCellsPerDoubling = 4;

struct MetricNames {
  const char* name;
  const char* title;
};

constexpr std::array<MetricNames, kMetricCount> kMetricNames = {{
    {"response", "response"},
    {"service", "service"},
    {"ack", "ack"},
    {"send_lag", "send lag"},
    {"connect_tcp", "TCP connect"},
    {"connect_tls", "TLS handshake"},
    {"connect_ws", "WebSocket upgrade"},
    {"connack", "CONNACK"},
    {"suback", "SUBACK"},
    {"connect", "whole connect"},
    {"connect_lag", "connect lag"},
    {"first_message", "first message"},
    {"last_message", "last message"},
    {"will", "will"},
}};

// From 0x80 on, without a gap. [MQTT 5.0 s2.4]
constexpr std::array<const char*, 35> kReasonNames = {{
    "Unspecified error",
    "Malformed Packet",
    "Protocol Error",
    "Implementation specific error",
    "Unsupported Protocol Version",
    "Client Identifier not valid",
    "Bad User Name or Password",
    "Not authorized",
    "Server unavailable",
    "Server busy",
    "Banned",
    "Server shutting down",
    "Bad authentication method",
    "Keep Alive timeout",
    "Session taken over",
    "Topic Filter invalid",
    "Topic Name invalid",
    "Packet Identifier in use",
    "Packet Identifier not found",
    "Receive Maximum exceeded",
    "Topic Alias invalid",
    "Packet too large",
    "Message rate too high",
    "Quota exceeded",
    "Administrative action",
    "Payload format invalid",
    "Retain not supported",
    "QoS not supported",
    "Use another server",
    "Server moved",
    "Shared Subscriptions not supported",
    "Connection rate exceeded",
    "Maximum connect time",
    "Subscription Identifiers not supported",
    "Wildcard Subscriptions not supported",
}};

}  // namespace

bool IsVerified(const Result& result, std::string_view count) {
  constexpr std::string_view kByTotals[] = {"lost", "lost_permitted", "lost_unpromised", "surplus",
                                            "wrong_qos"};
  constexpr std::string_view kByStamp[] = {"corrupt", "misrouted", "foreign"};
  if (count == "received") return true;
  if (result.verify == "off") return false;
  if (std::ranges::find(kByTotals, count) != std::end(kByTotals)) return true;
  if (result.stamp == "none") return false;
  // Only a full stamp has a checksum; the number of a request does not say whose it is.
  if (count == "corrupt" && result.stamp == "compact") return result.integrity.corrupt > 0;
  const bool is_number = result.stamp == "number";
  if (is_number && (count == "corrupt" || count == "misrouted")) return false;
  return result.verify != "counts" || std::ranges::find(kByStamp, count) != std::end(kByStamp);
}

bool IsVerifiedOfPhase(const Result& result, std::string_view count) {
  // Nothing tells of which phase a message without a stamp is.
  const bool is_told = result.stamp != "none" || count == "received" || count == "wrong_qos";
  return is_told && IsVerified(result, count);
}

const char* MetricName(Metric metric) { return kMetricNames[static_cast<size_t>(metric)].name; }
const char* MetricTitle(Metric metric) { return kMetricNames[static_cast<size_t>(metric)].title; }

const char* ReasonName(uint8_t code) {
  constexpr uint8_t kFirstFailure = 0x80;
  if (code < kFirstFailure || code - kFirstFailure >= static_cast<int>(kReasonNames.size())) {
    return "unknown";
  }
  return kReasonNames[code - kFirstFailure];
}

size_t HeatCellOf(int64_t latency_ns) {
  if (latency_ns < kHeatLowestNs) return 0;
  // Doublings are cut into four equal parts, not four equal ratios: a shift instead of a logarithm.
  const auto ratio = static_cast<uint64_t>(latency_ns / (kHeatLowestNs / kHeatCellsPerDoubling));
  const int doubling = static_cast<int>(std::bit_width(ratio)) - 3;
  const uint64_t part = (ratio >> doubling) - kHeatCellsPerDoubling;
  const size_t cell = 1 + static_cast<size_t>(doubling) * kHeatCellsPerDoubling + part;
  return cell < kHeatCells ? cell : kHeatCells - 1;
}

int64_t HeatCellLowNs(size_t cell) {
  if (cell == 0) return 0;
  const size_t doubling = (cell - 1) / kHeatCellsPerDoubling;
  const size_t part = (cell - 1) % kHeatCellsPerDoubling;
  return (kHeatLowestNs / kHeatCellsPerDoubling *
          static_cast<int64_t>(kHeatCellsPerDoubling + part))
         << doubling;
}

std::vector<Asserted> AllAssertions(const Result& result) {
  std::vector<Asserted> all = result.assertions;
  for (const LoadPhase& phase : result.load_phases) {
    const std::string of_phase = absl::StrCat("phase ", phase.name, ": ");
    for (const Asserted& asserted : phase.assertions) {
      all.push_back({.assertion = of_phase + asserted.assertion,
                     .text = of_phase + asserted.text,
                     .holds = asserted.holds,
                     .known = asserted.known});
    }
  }
  return all;
}

bool AssertionsHold(const Result& result) {
  return std::ranges::all_of(AllAssertions(result), [](const Asserted& asserted) {
    return asserted.known && asserted.holds;
  });
}

HeatColumn HeatOf(const measure::Histogram& histogram) {
  HeatColumn column{};
  histogram.ForEachBucket([&column](int64_t low_ns, int64_t high_ns, uint64_t count) {
    column[HeatCellOf(low_ns + (high_ns - low_ns) / 2)] += count;
  });
  return column;
}

}  // namespace ringmq::report
