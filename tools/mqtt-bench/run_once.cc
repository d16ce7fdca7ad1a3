// SPDX-License-Identifier: Apache-2.0
#include "run_once.h"

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cpu_list.h"
#include "interruption.h"
#include "judge.h"
#include "make_plan.h"
#include "measure/quantity.h"
#include "onlooker.h"
#include "outputs.h"
#include "payload.h"
#include "phases.h"
#include "processes.h"
#include "watch.h"

namespace ringmq::bench {
namespace {

// Of fewer it would be the memory of the messages, divided by nothing.
constexpr uint64_t kConnectionsMin = 100;
constexpr int64_t kTickNs = 250'000'000;

using report::Metric;
using report::Result;

std::string UtcNow() {
  char text[32];
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  return absl::StrFormat("%s.%03dZ", text, static_cast<int>(now.tv_nsec / 1'000'000));
}

void DescribeHost(Result& result) {
  utsname name{};
  uname(&name);
  result.environment.kernel = absl::StrCat(name.sysname, " ", name.release);
  result.environment.cores = static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN));
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    result.environment.cpu_model = line.substr(line.find(':') + 2);
    break;
  }
}

// Whether there is anybody who publishes or subscribes.
bool HasMessages(const Settings& settings) {
  const std::string& command = settings.command;
  if (command == "conn" || command == "idle") return false;
  return command != "churn" || settings.publishers + settings.subscribers > 0;
}

// Who sends to whom, as make_plan.cc sees it.
std::string WhoOf(const Settings& settings) {
  const std::string& command = settings.command;
  const std::string pubs = absl::StrCat(command == "fanout" ? 1 : settings.publishers, " pubs");
  if (command == "pub") return pubs;
  const uint32_t count = command == "fanin"   ? 1
                         : command == "pairs" ? settings.publishers
                                              : settings.subscribers;
  return absl::StrCat(pubs, " → ", count, " subs");
}

// The title, and the flags that matter in the order of the help.
void Describe(const Settings& settings, const load::Plan& plan, Result& result) {
  result.stamp = StampName(plan);
  result.verify = VerifyName(plan);
  result.title = TitleOf(settings);
  const auto add = [&result](const char* name, const std::string& value) {
    result.config.emplace_back(name, value);
  };
  add("url", absl::StrJoin(settings.urls, ", "));
  if (settings.command == "will") {
    add("cut", settings.churn);
    add("will delay", settings.will_delay);
  }
  if (settings.command == "churn") {
    add("churn", absl::StrCat(settings.churn, settings.abrupt ? ", abruptly" : ""));
  }
  if (HasMessages(settings)) {
    const char* const no_rate = settings.command == "sub" ? "that of others" : "closed loop";
    add("rate", settings.rate.empty() ? no_rate : settings.rate);
    add("arrival", settings.arrival);
    add("in flight", absl::StrCat(settings.in_flight));
    const bool is_file = !settings.payload_template.empty();
    add("payload", is_file ? "template " + settings.payload_template : settings.payload);
    if (!result.stamp.empty()) add("stamp", result.stamp);
    if (result.verify != "full") add("verify", result.verify);
    if (settings.topic != Settings().topic) add("topic", settings.topic);
    if (!settings.filters.empty()) add("filter", absl::StrJoin(settings.filters, ", "));
    if (settings.topics > 0) add("topics", absl::StrCat(settings.topics, ", in turns"));
  }
  if (!settings.messages.empty()) add("messages", settings.messages);
  // Of a run that ends when its messages or its steps are done that is no time that it takes.
  if (settings.messages.empty() || settings.duration != kNoDuration) {
    add("duration", settings.duration);
  }
  add("warm-up", settings.warmup);
  add("threads", absl::StrCat(settings.threads));
  add("MQTT", settings.version == 3 ? "3.1" : settings.version == 4 ? "3.1.1" : "5");
}

// Deliveries that the measured messages should lead to.
uint64_t ExpectedOf(const load::Outcome& outcome) {
  if (outcome.sent_in_all == 0) return 0;
  // With one audience for every message it follows from the others.
  if (outcome.findings.expected > 0) return outcome.findings.expected;
  return outcome.expected_in_all / outcome.sent_in_all * outcome.findings.sent;
}

void TakeHistograms(const load::Findings& all, Result& result) {
  result.histograms[Metric::kResponse] = all.response;
  result.histograms[Metric::kService] = all.service;
  result.histograms[Metric::kAck] = all.ack;
  result.histograms[Metric::kSendLag] = all.lag;
  result.histograms[Metric::kConnectTcp] = all.connect_tcp;
  result.histograms[Metric::kConnectTls] = all.connect_tls;
  result.histograms[Metric::kConnectWs] = all.connect_ws;
  result.histograms[Metric::kConnack] = all.connack;
  result.histograms[Metric::kSuback] = all.suback;
  result.histograms[Metric::kConnect] = all.connect;
  result.histograms[Metric::kConnectLag] = all.connect_lag;
  result.histograms[Metric::kFirstMessage] = all.first_message;
  result.histograms[Metric::kWill] = all.will;
  result.histograms[Metric::kLastMessage] = all.last_message;
}

Result MakeResult(const Settings& settings, const load::Plan& plan, const load::Outcome& outcome) {
  const load::Findings& all = outcome.findings;
  Result result;
  result.tool_version = RINGMQ_VERSION;
  result.scenario = settings.command;
  result.closed_loop = settings.rate.empty() && settings.command != "sub";
  result.connections = outcome.connected;
  result.qos = static_cast<uint8_t>(settings.qos);
  result.phases.connect_s = outcome.connect_s;
  result.phases.measure_s = outcome.measured_s;
  result.phases.drain_s = outcome.drain_s;
  result.counters = {.offered = all.offered,
                     .sent = all.sent,
                     .acked = all.acked,
                     .received = all.received,
                     .expected = ExpectedOf(outcome)};
  const double s = std::max(outcome.measured_s, 1e-9);
  const double sent_s = std::max(outcome.sent_s, 1e-9);
  result.rates = {.offered_per_s = static_cast<double>(all.offered) / sent_s,
                  .sent_per_s = static_cast<double>(all.sent_meanwhile) / sent_s,
                  .acked_per_s = static_cast<double>(all.acked_meanwhile) / sent_s,
                  .received_per_s = static_cast<double>(all.received_meanwhile) / s};
  TakeHistograms(all, result);
  result.load_phases = LoadPhasesOf(settings.phases, outcome);
  result.scalars = outcome.scalars;
  result.notes = outcome.notes;
  result.integrity = all.integrity;
  result.errors.connect_errors = all.errors;
  result.errors.by_reason = all.by_reason;
  result.errors.reconnects = all.reconnects;
  // Waiting awake for the clock is no work for a message.
  result.generator.cpu_s =
      static_cast<double>(all.cpu_ns - std::min(all.cpu_ns, all.idle_ns)) * 1e-9;
  const auto messages = static_cast<double>(outcome.costed_messages());
  if (messages > 0) result.generator.cpu_s_per_million = result.generator.cpu_s / messages * 1e6;
  result.verdict = outcome.verdict;
  result.series = outcome.series;
  result.intervals = outcome.intervals;
  if (outcome.failed > 0) {
    uint64_t told = 0;
    for (const auto& [text, count] : all.errors) told += count;
    if (told < outcome.failed) result.errors.connect_errors["(others)"] = outcome.failed - told;
  }
  Describe(settings, plan, result);
  result.environment.engine = all.engine;
  DescribeHost(result);
  return result;
}

void AddBroker(const Settings& settings, const Spent& before, const load::BrokerSample& after,
               const load::Outcome& outcome, Result& result) {
  report::BrokerCost cost;
  cost.pid = settings.watch_pid;
  cost.name = before.name;
  cost.cpu_s = static_cast<double>(after.cpu_ns) * 1e-9 - before.cpu_s;
  const auto messages = static_cast<double>(outcome.costed_messages());
  if (messages > 0) cost.cpu_s_per_million = cost.cpu_s / messages * 1e6;
  cost.rss_before_bytes = before.rss_bytes;
  cost.rss_after_bytes = after.rss_bytes;
  if (outcome.connected >= kConnectionsMin && after.rss_bytes > before.rss_bytes) {
    cost.rss_bytes_per_connection = static_cast<double>(after.rss_bytes - before.rss_bytes) /
                                    static_cast<double>(outcome.connected);
  }
  result.broker = cost;
}

// What the tool itself has grown by; the same connections, the same caution.
void AddOwnMemory(const std::optional<Spent>& before, const std::optional<Spent>& after,
                  Result& result) {
  if (!before.has_value() || !after.has_value() || result.connections < kConnectionsMin) return;
  const auto grown = static_cast<double>(after->rss_bytes) - static_cast<double>(before->rss_bytes);
  result.generator.bytes_per_connection =
      std::max(grown, 0.0) / static_cast<double>(result.connections);
}

load::BrokerSample SampleOf(const Spent& spent) {
  return {.cpu_ns = static_cast<int64_t>(spent.cpu_s * 1e9), .rss_bytes = spent.rss_bytes};
}

// Of each process that has connections.
load::Observer ObserverOf(const Settings& settings) {
  load::Observer observer;
  observer.tick_ns = kTickNs;
  observer.keeps_intervals = settings.intervals || !FileOf("--hdr", settings.outputs).empty();
  if (settings.watch_pid == 0) return observer;
  observer.broker = [pid = settings.watch_pid]() -> std::optional<load::BrokerSample> {
    const std::optional<Spent> spent = Look(pid);
    return spent.has_value() ? std::optional(SampleOf(*spent)) : std::nullopt;
  };
  return observer;
}

// What was asked for that the figures do not show.
void AddRemarks(const Settings& settings, const load::Plan& plan, Result& result) {
  if (!settings.legacy_latency.empty() && !result.closed_loop) {
    result.histograms[Metric::kResponse] = result.histograms[Metric::kService];
    for (report::Interval& interval : result.intervals) {
      interval.histograms[Metric::kResponse] = interval.histograms[Metric::kService];
    }
    result.notes.push_back(
        "The response times are those of other tools' method: from the send on, without the wait "
        "before it.");
  }
  if (plan.hears_others() && result.integrity.received > 0) {
    result.notes.push_back(
        "Response times are from when the publishing mqtt-bench had a message due, by this host's "
        "clock: right if it ran here. Losses are what later messages have overtaken.");
  }
  uint64_t silent = 0;
  for (const load::Role& role : plan.roles) {
    silent += static_cast<uint64_t>(std::ranges::count(role.heard, 0u, &load::Heard::count));
  }
  if (silent > 0) {
    result.notes.push_back(
        absl::StrCat("Subscribers that by their --filter hear no publisher: ", silent, "."));
  }
  for (std::string& note : StampNotes(settings, plan)) result.notes.push_back(std::move(note));
  if (result.integrity.surplus > 0) {
    result.notes.push_back(absl::StrCat(result.integrity.surplus,
                                        " more messages arrived than were expected: of others, or "
                                        "some came twice. Losses may be hidden "
                                        "behind them, and rates are too high."));
  }
  if (settings.watch_pid == 0) return;
  const std::string both = SharedWith(settings.watch_pid, plan.cpus);
  if (both.empty()) return;
  result.notes.push_back(absl::StrCat("The broker (pid ", settings.watch_pid,
                                      ") may run on the same cores as this tool: ", both, "."));
}

// Before the run: what it will not know. `whose` says which assertions these are.
absl::Status CheckAssertions(const Settings& settings, const load::Plan& plan,
                             const std::vector<measure::Assertion>& assertions, OfWhat of_what,
                             const std::string& whose) {
  Result kind;
  kind.stamp = StampName(plan);
  kind.verify = VerifyName(plan);
  Result verified = kind;
  verified.verify = "full";
  for (const measure::Assertion& assertion : assertions) {
    if (CanTell(kind, assertion, of_what)) continue;
    const bool is_verify = CanTell(verified, assertion, of_what);
    const bool needs_full = assertion.metric == "corrupt";
    const std::string which = is_verify                 ? "--verify " + kind.verify
                              : kind.stamp == "compact" ? "a run with compact stamps"
                                                        : "a run without stamps";
    return Bad(whose, absl::StrCat("'", assertion.text, "' is about what ", which, " cannot tell"),
               is_verify ? "--verify full"
                         : StampExample(settings, plan,
                                        needs_full ? measure::StampForm::kFull
                                                   : measure::StampForm::kCompact));
  }
  return absl::OkStatus();
}

absl::Status CheckAssertionsOfPhases(const Settings& settings, const load::Plan& plan) {
  for (const PhaseSettings& phase : settings.phases) {
    const auto assertions = ParseAssertions(phase.assertions);
    if (!assertions.ok()) return assertions.status();
    const absl::Status told =
        CheckAssertions(settings, plan, *assertions, OfWhat::kPhase,
                        absl::StrCat(phase.assertions_at, ": assert of phase ", phase.name));
    if (!told.ok()) return told;
  }
  return absl::OkStatus();
}

void NoteInterruption(const load::Outcome& outcome, const load::RunTimes& times, Result& result) {
  result.interrupted = true;
  result.notes.push_back(absl::StrFormat("Interrupted: measured for %.1f s instead of %.1f s.",
                                         outcome.measured_s, times.measure_s));
}

// Of all processes together, and not judged yet.
absl::StatusOr<Result> Measure(const Settings& settings, const Assignment& assignment,
                               const std::optional<Spent>& before, const std::string& start_time,
                               const OnTick& on_tick) {
  load::Observer observer = ObserverOf(settings);
  std::optional<Spent> own_before;
  std::optional<Spent> own_after;
  observer.on_leave = [&] { own_after = Look(getpid()); };
  const auto make_result = [&](const load::Outcome& outcome) {
    Result made = MakeResult(settings, assignment.plan, outcome);
    made.start_time = start_time;
    made.phases.warmup_s = assignment.times.warmup_s;
    if (before.has_value() && outcome.broker.has_value()) {
      AddBroker(settings, *before, *outcome.broker, outcome, made);
    }
    AddOwnMemory(own_before, own_after, made);
    AddRemarks(settings, assignment.plan, made);
    if (outcome.interrupted) NoteInterruption(outcome, assignment.times, made);
    return made;
  };
  const auto begin = [&] { own_before = Look(getpid()); };
  Interruption interruption;
  load::Observer leader;
  leader.on_tick = on_tick;
  leader.tick_ns = kTickNs;
  leader.wants_end = [&interruption] { return interruption.Asked(); };
  if (settings.processes > 1) {
    return RunProcesses(assignment.plan, assignment.times,
                        {.count = settings.processes,
                         .begin = begin,
                         .make_result = make_result,
                         .first = observer,
                         .leader = leader});
  }
  begin();
  observer.on_tick = leader.on_tick;
  observer.wants_end = leader.wants_end;
  return make_result(load::Execute(assignment.plan, assignment.times, observer));
}

// What can be told before it runs.
Result KnownBefore(const Settings& settings) {
  Result known;
  known.tool_version = RINGMQ_VERSION;
  known.scenario = settings.command;
  known.title = settings.title_prefix + TitleOf(settings);
  known.command_line = settings.command_line;
  known.start_time = UtcNow();
  return known;
}

// Empty if nobody looks.
OnTick WithOnlookers(const OnTick& on_tick, const Onlookers& onlookers) {
  if (onlookers.empty()) return on_tick;
  return [&on_tick, &onlookers](const load::Tick& tick) {
    if (on_tick) on_tick(tick);
    for (const auto& onlooker : onlookers) onlooker->OnTick(tick);
  };
}

}  // namespace

absl::StatusOr<Result> RunOnce(const Settings& settings, const OnTick& on_tick) {
  const auto assertions = ParseAssertions(settings.assertions);
  if (!assertions.ok()) return assertions.status();
  const auto assignment = MakePlan(settings);
  if (!assignment.ok()) return assignment.status();
  const load::Plan& plan = assignment->plan;
  absl::Status told = CheckAssertions(settings, plan, *assertions, OfWhat::kRun, "--assert");
  if (told.ok()) told = CheckAssertionsOfPhases(settings, plan);
  if (!told.ok()) return told;
  std::optional<Spent> before;
  if (settings.watch_pid != 0) {
    before = Look(settings.watch_pid);
    if (!before.has_value()) {
      return absl::UnavailableError(
          absl::StrCat("--watch-pid: there is no process ", settings.watch_pid));
    }
  }
  absl::StatusOr<Onlookers> onlookers = MakeWatchers(settings);
  if (!onlookers.ok()) return onlookers.status();
  const Result known = KnownBefore(settings);
  AddTellers(settings, known, *onlookers);
  for (const auto& onlooker : *onlookers) onlooker->OnStart();
  absl::StatusOr<Result> result =
      Measure(settings, *assignment, before, known.start_time, WithOnlookers(on_tick, *onlookers));
  if (!result.ok()) return result.status();
  ConcludePhases(settings.phases, *result);
  JudgeBy(*assertions, *result);
  LookLast(*onlookers);
  for (const auto& onlooker : *onlookers) onlooker->OnResult(*result);
  return result;
}

std::string TitleOf(const Settings& settings) {
  if (settings.command == "sub") {
    return absl::StrCat(settings.subscribers, " subs of what others publish  qos", settings.qos);
  }
  const std::string traffic =
      absl::StrCat(WhoOf(settings), "  qos", settings.qos, "  ", PayloadWords(settings));
  if (settings.command == "churn") {
    return absl::StrCat(settings.connections, " clients, ", settings.churn, " come and go",
                        settings.abrupt ? " abruptly" : "",
                        HasMessages(settings) ? "; " + traffic : "");
  }
  if (settings.command == "retain") {
    return absl::StrCat(settings.messages, " retained messages → ", settings.subscribers,
                        " subs  qos", settings.qos, "  ", PayloadWords(settings));
  }
  if (settings.command == "will") {
    return absl::StrCat(settings.connections, " clients, ", settings.churn, " cut → ",
                        settings.subscribers, " subs  qos", settings.qos);
  }
  if (settings.command == "session") {
    return absl::StrCat(traffic, "; ", settings.messages, " while they are away");
  }
  if (HasMessages(settings)) return traffic;
  return absl::StrCat(settings.connections, " connections", settings.storm ? " at once" : "");
}

bool RanWell(const Result& result) {
  return result.errors.connect_errors.empty() && result.errors.by_reason.empty();
}

int ExitCodeOf(const Result& result, bool allow_invalid) {
  if (!RanWell(result)) return kRunFailed;
  const bool is_nothing = result.verdict.kind == measure::Verdict::kNotMeasured;
  if (is_nothing) return result.interrupted ? kInterrupted : kMeasurementInvalid;
  if (!result.verdict.is_valid() && !allow_invalid) return kMeasurementInvalid;
  if (!report::AssertionsHold(result)) return kAssertionFailed;
  return result.interrupted ? kInterrupted : kOk;
}

}  // namespace ringmq::bench
