// The keys of result.json, written down once: a walk over the fields of a Result with the name that
// each has in the file. What writes, what reads and what checks the published schema are visitors.
//
// A visitor has
//   visit(name, value)           for a number, text or truth
//   visit.Object(name, value)    for a struct below, whose fields follow
//   visit.List(name, list)       for a list of such structs
//   visit.Optional(name, value)  for an object that may be absent
//   visit.Verified(name, value)  for a count that the run may not have looked at: then it is null
// and the walk hands it const values if it was given a const Result. Shapes of their own (maps,
// histograms, heat columns, the config) are left to visit.Special(name, value).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>

#include "report/result.h"

namespace ringmq::report {

template <typename Value, typename Struct>
concept Is = std::same_as<std::remove_const_t<Value>, Struct>;

void VisitFields(auto& visit, Is<Phases> auto& value) {
  visit("connect_s", value.connect_s);
  visit("warmup_s", value.warmup_s);
  visit("measure_s", value.measure_s);
  visit("drain_s", value.drain_s);
}

void VisitFields(auto& visit, Is<Counters> auto& value) {
  visit("offered", value.offered);
  visit("sent", value.sent);
  visit("acked", value.acked);
  visit("received", value.received);
  visit("expected", value.expected);
}

void VisitFields(auto& visit, Is<Rates> auto& value) {
  visit("offered_per_s", value.offered_per_s);
  visit("sent_per_s", value.sent_per_s);
  visit("acked_per_s", value.acked_per_s);
  visit("received_per_s", value.received_per_s);
}

void VisitFields(auto& visit, Is<measure::IntegrityCounts> auto& value) {
  visit("received", value.received);
  visit.Verified("lost", value.lost);
  visit.Verified("lost_permitted", value.lost_permitted);
  visit.Verified("lost_unpromised", value.lost_unpromised);
  visit.Verified("surplus", value.surplus);
  visit.Verified("duplicates", value.duplicates);
  visit.Verified("duplicates_permitted", value.duplicates_permitted);
  visit.Verified("reordered", value.reordered);
  visit.Verified("too_old", value.too_old);
  visit.Verified("corrupt", value.corrupt);
  visit.Verified("misrouted", value.misrouted);
  visit.Verified("wrong_qos", value.wrong_qos);
  visit.Verified("foreign", value.foreign);
}

void VisitFields(auto& visit, Is<Errors> auto& value) {
  visit.Special("by_reason", value.by_reason);
  visit.Special("connect_errors", value.connect_errors);
  visit("reconnects", value.reconnects);
}

void VisitFields(auto& visit, Is<Second> auto& value) {
  visit("at_s", value.at_s);
  visit("offered", value.offered);
  visit("sent", value.sent);
  visit("acked", value.acked);
  visit("received", value.received);
  visit("errors", value.errors);
  visit("response_p50_ns", value.response_p50_ns);
  visit("response_p99_ns", value.response_p99_ns);
  visit("lag_p99_ns", value.lag_p99_ns);
  visit("broker_cpu_cores", value.broker_cpu_cores);
  visit("broker_rss_bytes", value.broker_rss_bytes);
  visit.Special("heat", value.heat);
}

void VisitFields(auto& visit, Is<Interval> auto& value) {
  visit("at_s", value.at_s);
  visit.Special("histograms", value.histograms);
}

void VisitFields(auto& visit, Is<BrokerCost> auto& value) {
  visit("pid", value.pid);
  visit("name", value.name);
  visit("cpu_s", value.cpu_s);
  visit("cpu_s_per_million", value.cpu_s_per_million);
  visit("rss_before_bytes", value.rss_before_bytes);
  visit("rss_after_bytes", value.rss_after_bytes);
  visit("rss_bytes_per_connection", value.rss_bytes_per_connection);
}

void VisitFields(auto& visit, Is<TelemetryCounter> auto& value) {
  visit("name", value.name);
  visit("before", value.before);
  visit("after", value.after);
  visit("per_s", value.per_s);
  visit("max_per_s", value.max_per_s);
}

void VisitFields(auto& visit, Is<TelemetryGauge> auto& value) {
  visit("name", value.name);
  visit("min", value.min);
  visit("mean", value.mean);
  visit("max", value.max);
}

void VisitFields(auto& visit, Is<Telemetry> auto& value) {
  visit("source", value.source);
  visit("looks", value.looks);
  visit("from_s", value.from_s);
  visit("to_s", value.to_s);
  visit.List("counters", value.counters);
  visit.List("gauges", value.gauges);
}

void VisitFields(auto& visit, Is<GeneratorCost> auto& value) {
  visit("cpu_s", value.cpu_s);
  visit("cpu_s_per_million", value.cpu_s_per_million);
  visit("bytes_per_connection", value.bytes_per_connection);
}

void VisitFields(auto& visit, Is<Environment> auto& value) {
  visit("cpu_model", value.cpu_model);
  visit("cores", value.cores);
  visit("kernel", value.kernel);
  visit("engine", value.engine);
  visit("governor", value.governor);
}

void VisitFields(auto& visit, Is<measure::Verdict> auto& value) {
  visit.Special("kind", value.kind);
  visit("text", value.text);
}

void VisitFields(auto& visit, Is<Asserted> auto& value) {
  visit("assertion", value.assertion);
  visit("text", value.text);
  visit("holds", value.holds);
  visit("known", value.known);
}

void VisitFields(auto& visit, Is<LoadPhase> auto& value) {
  visit("name", value.name);
  visit("from_s", value.from_s);
  visit("duration_s", value.duration_s);
  visit("rate_from_per_s", value.rate_from_per_s);
  visit("rate_to_per_s", value.rate_to_per_s);
  visit.Object("counters", value.counters);
  visit.Object("rates", value.rates);
  visit.Object("integrity", value.integrity);
  visit.List("assertions", value.assertions);
  visit.Special("histograms", value.histograms);
}

void VisitFields(auto& visit, Is<SearchPoint> auto& value) {
  visit("rate_per_s", value.rate_per_s);
  visit("received_per_s", value.received_per_s);
  visit("p50_ns", value.p50_ns);
  visit("p99_ns", value.p99_ns);
  visit("p999_ns", value.p999_ns);
  visit("holds", value.holds);
  visit("is_valid", value.is_valid);
  visit("result_file", value.result_file);
}

void VisitFields(auto& visit, Is<Result> auto& value) {
  visit("schema_version", value.schema_version);
  visit("tool_version", value.tool_version);
  visit("scenario", value.scenario);
  visit("title", value.title);
  visit("command_line", value.command_line);
  visit("start_time", value.start_time);
  visit.Special("config", value.config);
  visit("closed_loop", value.closed_loop);
  visit("processes", value.processes);
  visit("connections", value.connections);
  visit("qos", value.qos);
  visit("stamp", value.stamp);
  visit("verify", value.verify);
  visit("interrupted", value.interrupted);
  visit.Object("verdict", value.verdict);
  visit.List("assertions", value.assertions);
  visit.Object("phases", value.phases);
  visit.Object("counters", value.counters);
  visit.Object("rates", value.rates);
  visit.Object("integrity", value.integrity);
  visit.Object("errors", value.errors);
  visit.Optional("broker", value.broker);
  visit.Object("generator", value.generator);
  visit.Object("environment", value.environment);
  visit.List("telemetry", value.telemetry);
  visit.Special("scalars", value.scalars);
  visit.Special("notes", value.notes);
  visit.List("search", value.search);
  visit.List("load_phases", value.load_phases);
  visit.Special("histograms", value.histograms);
  visit.List("series", value.series);
  visit.List("intervals", value.intervals);
}

}  // namespace ringmq::report
