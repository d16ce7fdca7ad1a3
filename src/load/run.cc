// SPDX-License-Identifier: Apache-2.0
#include "load/run.h"

#include <time.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "load/intervals.h"
#include "load/stateful_outcome.h"
#include "load/unblock.h"
#include "load/worker.h"
#include "measure/quantity.h"
#include "reactor/clock.h"

namespace ringmq::load {
namespace {

constexpr int64_t kStepNs = 5'000'000;
constexpr int64_t kSecondNs = 1'000'000'000;
// A thread hands a second over with its next turn; this is time enough.
constexpr int64_t kHandOverNs = 300'000'000;
// The same with another process between.
constexpr int64_t kRelayNs = 700'000'000;
// Other processes hear of the load before it begins, and of its end a little later.
constexpr double kHeadStartS = 0.05;
// So do threads, which look up every 20 ms when nothing happens.
constexpr double kAloneHeadStartS = 0.025;
// Threads that are to connect look so often whether it begins, and a little time to spare.
constexpr double kConnectHeadStartS = 0.005;
constexpr double kOthersMaxS = 5;

int64_t NowNs() { return reactor::MonotonicNow().ns; }

int64_t Ns(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

// Sleeps, as the one thread of the tool that has nothing to do.
void Pause() {
  const timespec time{.tv_sec = 0, .tv_nsec = kStepNs};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

class Director {
 public:
  enum class Leads : uint8_t { kNo, kYes };

  Director(const Plan& plan, const RunTimes& times, const Observer& observer, Shared& shared,
           const Part& part, Leads leads)
      : plan_(plan),
        times_(times),
        observer_(observer),
        shared_(shared),
        part_(part),
        leads_(leads == Leads::kYes),
        lookout_(plan, times.measure_s, shared_),
        unblocker_(plan, shared),
        timeline_(times.warmup_s),
        intervals_(part.first, part.count, times.warmup_s) {
    const bool keeps = observer.keeps_intervals;
    if (observer.on_tick || observer.on_board || keeps) shared_.board.Open();
    for (uint32_t i = part.first; i < part.first + part.count; ++i) {
      workers_.push_back(std::make_unique<Worker>(plan, i, shared_));
    }
  }

  Outcome Run() {
    std::vector<std::thread> threads;
    for (const auto& worker : workers_) {
      threads.emplace_back([&worker] { worker->Run(); });
    }
    Outcome outcome;
    outcome.connect_s = Await(Phase::kConnect, times_.connect_max_s, [this] {
      LetConnect();
      const Tick now = lookout_.Count();
      return now.connected + now.failed == now.connections || IsInterrupted() || IsStuck(now);
    });
    const Tick reached = lookout_.Count();
    CountConnections(outcome);
    const bool is_ready = leads_ ? reached.connected == reached.connections && !interrupted_
                                 : shared_.clockwork.load_start_ns.load() != 0;
    outcome.begun = is_ready;
    if (is_ready && plan_.script == Script::kTraffic) Load(outcome);
    if (is_ready && plan_.script != Script::kTraffic) Follow(plan_.script, outcome);
    if (observer_.broker) outcome.broker = observer_.broker();
    if (observer_.on_leave) observer_.on_leave();
    // With MQTT 5 a DISCONNECT does it.
    const bool has_to_clear =
        plan_.keeps_sessions && !plan_.keeps && plan_.version != ProtocolVersion::kV5;
    if (is_ready && has_to_clear) DoStep(Phase::kClear);
    Begin(Phase::kLeave, 0);
    // A last look, while everybody is still there.
    if (observer_.on_tick) observer_.on_tick(Look());
    Enter(Phase::kLeave);
    for (std::thread& thread : threads) thread.join();
    if (!leads_) interrupted_ = shared_.clockwork.interrupted.load(std::memory_order_relaxed);
    CollectSeconds(INT64_MAX);
    KeepIntervals();
    outcome.series = timeline_.rows();
    outcome.interrupted = interrupted_;
    Merge(outcome);
    return outcome;
  }

 private:
  // Of this part.
  void CountConnections(Outcome& outcome) {
    uint64_t all = 0;
    uint64_t failed = 0;
    for (uint32_t i = 0; i < part_.count; ++i) {
      const Progress& progress = shared_.progress[part_.first + i];
      all += static_cast<uint64_t>(std::ranges::count_if(
          workers_[i]->peers(), [](const Peer& peer) { return !peer.role->is_late; }));
      outcome.connected += progress.connected.load(std::memory_order_relaxed);
      failed += progress.failed.load(std::memory_order_relaxed);
    }
    // Who was not there in time has failed, but for who was not given the time.
    interrupted_ |= shared_.clockwork.interrupted.load(std::memory_order_relaxed);
    outcome.failed = interrupted_ ? failed : all - outcome.connected;
  }

  // The leader says when everybody begins: soon, if some have to hear of it in other processes.
  void SetTimes(double head_start_s) {
    Clockwork& clockwork = shared_.clockwork;
    // What is due at a border is due behind it, in both forms of stamp.
    const auto border = [](int64_t ns) { return measure::DueAs(measure::StampForm::kCompact, ns); };
    const int64_t start_ns = border(NowNs() + Ns(head_start_s));
    const int64_t measure_ns = border(start_ns + Ns(times_.warmup_s));
    clockwork.load_start_ns.store(start_ns, std::memory_order_relaxed);
    clockwork.measure_end_ns.store(measure_ns + Ns(times_.measure_s), std::memory_order_relaxed);
    clockwork.measure_start_ns.store(measure_ns, std::memory_order_relaxed);
  }

  void Load(Outcome& outcome) {
    const double head_start_s = IsAlone() ? kAloneHeadStartS : kHeadStartS;
    if (leads_) SetTimes(head_start_s);
    const int64_t measure_ns = shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed);
    const auto is_over = [this] {
      return (plan_.messages_max > 0 && IsExhausted()) || IsInterrupted() || IsDeserted();
    };
    Await(Phase::kWarmup, times_.warmup_s + head_start_s, is_over);
    Await(Phase::kMeasure, times_.measure_s, is_over);
    if (leads_ && (interrupted_ || IsDeserted())) {
      shared_.clockwork.measure_end_ns.store(NowNs(), std::memory_order_relaxed);
    }
    const double measured_s = static_cast<double>(NowNs() - measure_ns) * 1e-9;
    outcome.measured_s = std::clamp(measured_s, 0.0, times_.measure_s);
    outcome.sent_s = outcome.measured_s;
    outcome.drain_s =
        Await(Phase::kDrain, times_.drain_max_s, [this] { return IsDrained() || IsDeserted(); });
    outcome.drained = IsDrained();
  }

  // Whether all threads are of this process.
  [[nodiscard]] bool IsAlone() const { return part_.count == plan_.threads; }

  // Once everybody is there: all begin at the same time.
  void LetConnect() {
    Clockwork& clockwork = shared_.clockwork;
    const bool is_told = clockwork.step_start_ns.load(std::memory_order_relaxed) != 0;
    const uint32_t present = clockwork.present.load(std::memory_order_relaxed);
    if (is_told || present < plan_.threads) return;
    const int64_t start_ns = NowNs() + Ns(IsAlone() ? kConnectHeadStartS : kHeadStartS);
    clockwork.step_start_ns.store(start_ns, std::memory_order_release);
  }

  // Of a time or a count that all processes are to know.
  template <typename Number>
  void Tell(std::atomic<Number>& what, Number number) const {
    if (leads_) what.store(number, std::memory_order_relaxed);
  }

  // The steps of a script.
  void Follow(Script script, Outcome& outcome) {
    Clockwork& clockwork = shared_.clockwork;
    const int64_t start_ns = NowNs();
    Tell(clockwork.load_start_ns, start_ns);
    Tell(clockwork.measure_start_ns, start_ns);
    if (script == Script::kWill) {
      Tell<uint64_t>(clockwork.kept_each, plan_.publishers);
      outcome.drained = DoStep(Phase::kCut);
      return;
    }
    if (script == Script::kStorm) {
      Await(Phase::kMeasure, times_.measure_s, [this] { return IsInterrupted(); });
      DoStep(Phase::kAway);
      outcome.drained = DoStep(Phase::kReturn);
      return;
    }
    if (script == Script::kSession) DoStep(Phase::kAway);
    DoStep(Phase::kFill);
    Tell(clockwork.kept_each, lookout_.Count().sent);
    outcome.drained = DoStep(Phase::kReturn);
    Tell(clockwork.measure_end_ns, NowNs());
    if (!plan_.keeps) DoStep(Phase::kClear);
  }

  // Until all threads have finished it, or nothing has happened for long. Says whether they have.
  bool DoStep(Phase phase) {
    Tell(shared_.clockwork.step_start_ns, NowNs() + Ns(IsAlone() ? 0 : kHeadStartS));
    uint64_t happened = 0;
    int64_t happened_ns = NowNs();
    // What was stored is removed even if the run is to end early.
    const bool is_interruptible = phase != Phase::kClear;
    const int64_t patience_ns = Ns(times_.drain_max_s + plan_.will_delay_s);
    constexpr double kLongest_s = 86'400;
    Await(phase, kLongest_s, [&] {
      const Tick now = lookout_.Count();
      const uint64_t so_far = now.connected + now.failed + now.sent + now.acked + now.received;
      if (std::exchange(happened, so_far) != so_far) happened_ns = NowNs();
      return HaveAllFinished(phase) || NowNs() - happened_ns > patience_ns ||
             (is_interruptible && IsInterrupted());
    });
    return HaveAllFinished(phase);
  }

  void Enter(Phase phase) {
    if (leads_) shared_.clockwork.phase.store(phase, std::memory_order_release);
  }

  void Begin(Phase phase, double seconds) {
    phase_ = phase;
    phase_max_s_ = seconds;
    phase_start_ns_ = NowNs();
  }

  // Until `done` or for so long, or until the leader goes on; says how long.
  template <typename Done>
  double Await(Phase phase, double seconds, Done done) {
    Begin(phase, seconds);
    Enter(phase);
    const int64_t end_ns = phase_start_ns_ + Ns(seconds);
    const auto is_over = [&] {
      if (!leads_) return shared_.clockwork.phase.load(std::memory_order_acquire) > phase;
      return NowNs() >= end_ns || IsHopeless() || done();
    };
    while (!is_over()) {
      Pause();
      if (leads_ && unblocker_.IsNeeded(phase)) unblocker_.Look(phase, lookout_.Count(), NowNs());
      WatchBroker();
      if (NowNs() - last_tick_ns_ < observer_.tick_ns) continue;
      last_tick_ns_ = NowNs();
      const int64_t hand_over_ns = workers_.empty() ? kRelayNs : kHandOverNs;
      CollectSeconds((NowNs() - load_start_ns() - hand_over_ns) / kSecondNs);
      KeepIntervals();
      if (observer_.on_board) observer_.on_board(shared_.board);
      if (observer_.on_tick) observer_.on_tick(Look());
    }
    return static_cast<double>(NowNs() - phase_start_ns_) * 1e-9;
  }

  [[nodiscard]] int64_t load_start_ns() const {
    const int64_t start_ns = shared_.clockwork.load_start_ns.load(std::memory_order_relaxed);
    return start_ns == 0 ? NowNs() : start_ns;
  }

  // As near to the beginning of each second as the pauses allow.
  void WatchBroker() {
    if (!observer_.broker || shared_.clockwork.load_start_ns.load(std::memory_order_relaxed) == 0)
      return;
    const int64_t index = (NowNs() - load_start_ns()) / kSecondNs;
    if (index == watched_index_) return;
    watched_index_ = index;
    if (const auto sample = observer_.broker()) timeline_.Look(index, *sample);
  }

  void CollectSeconds(int64_t before) {
    for (const auto& [index, second] : shared_.series.Take(before)) {
      timeline_.Append(index, second);
      if (observer_.on_second) observer_.on_second(index, second);
    }
  }

  void KeepIntervals() {
    if (observer_.keeps_intervals) intervals_.Take(shared_.board, load_start_ns());
  }

  [[nodiscard]] Tick Look() {
    Tick tick = lookout_.Look();
    tick.phase = phase_;
    tick.phase_s = static_cast<double>(NowNs() - phase_start_ns_) * 1e-9;
    tick.phase_max_s = phase_max_s_;
    tick.interrupted = interrupted_;
    tick.seconds = timeline_.rows();
    return tick;
  }

  // Asks until the answer is yes.
  bool IsInterrupted() {
    if (!interrupted_ && observer_.wants_end && observer_.wants_end()) {
      interrupted_ = true;
      shared_.clockwork.interrupted.store(true, std::memory_order_relaxed);
    }
    return interrupted_;
  }

  [[nodiscard]] bool IsHopeless() const { return observer_.is_hopeless && observer_.is_hopeless(); }

  [[nodiscard]] bool IsExhausted() const {
    return std::all_of(shared_.progress.begin(), shared_.progress.end(), [](const auto& progress) {
      return progress.exhausted.load(std::memory_order_relaxed);
    });
  }

  // Each thread the work of that phase; who leads asks before the next one begins.
  [[nodiscard]] bool HaveAllFinished(Phase phase) const {
    return std::all_of(shared_.progress.begin(), shared_.progress.end(), [&](const auto& progress) {
      return progress.finished.load(std::memory_order_acquire) >= phase;
    });
  }

  // Some did not connect in time, and for as long nobody has: the others would not either.
  bool IsStuck(const Tick& now) {
    if (std::exchange(connected_, now.connected) != now.connected || connected_ns_ == 0) {
      connected_ns_ = NowNs();
    }
    const bool has_timed_out = std::ranges::any_of(shared_.progress, [](const auto& progress) {
      return progress.timed_out.load(std::memory_order_relaxed) > 0;
    });
    // Those who began together with the first are to have had their time.
    const double patience_s = 1.5 * plan_.connect_timeout_s + 2 / plan_.connects_per_s;
    return has_timed_out && NowNs() - connected_ns_ > Ns(patience_s);
  }

  // Every connection was lost, and none comes again.
  [[nodiscard]] bool IsDeserted() const {
    if (plan_.reconnects || plan_.churn.per_s > 0) return false;
    const Tick now = lookout_.Count();
    return now.connected > 0 && now.dropped >= now.connected;
  }

  [[nodiscard]] bool IsDrained() const {
    if (!IsExhausted()) return false;
    if (plan_.churn.per_s > 0 && !HaveAllFinished(Phase::kDrain)) return false;
    const Tick now = lookout_.Count();
    // Who is away may be back in time.
    if (plan_.reconnects && now.reconnects < now.dropped) return false;
    if (plan_.qos != Qos::kAtMostOnce && now.acked + now.given_up < now.sent) return false;
    return now.received + now.unpromised >= lookout_.DeliveriesOf(now.sent);
  }

  void Merge(Outcome& outcome) {
    Findings& all = outcome.findings;
    all.by_publisher.resize(plan_.publishers);
    int64_t most_cpu_ns = -1;
    for (uint32_t i = 0; i < part_.count; ++i) {
      const Findings& one = workers_[i]->findings();
      all.Merge(one);
      if (one.load_busy_ns > most_cpu_ns) {
        most_cpu_ns = one.load_busy_ns;
        outcome.busiest_thread = part_.first + i;
      }
    }
    if (workers_.empty()) return;  // It only leads.
    all.engine = workers_.front()->findings().engine;
    if (observer_.keeps_intervals) {
      outcome.intervals = intervals_.Finish(all, load_start_ns(), phase_start_ns_);
    }
    AwaitOthers([this] {
      return std::ranges::all_of(shared_.progress, [](const Progress& progress) {
        return progress.has_left.load(std::memory_order_acquire);
      });
    });
    CountLosses(outcome);
    outcome.measure_start_ns = shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed);
    const double load_s = times_.warmup_s + outcome.measured_s;
    if (load_s > 0) outcome.busiest_share = static_cast<double>(most_cpu_ns) * 1e-9 / load_s;
    outcome.verdict =
        JudgeTally(all,
                   {.rate_per_s = plan_.rate_per_s * ShareOfSchedule(),
                    .measured_s = outcome.measured_s,
                    .lag_allowed_ns = plan_.lag_allowed_ns},
                   {.share = outcome.busiest_share, .thread = outcome.busiest_thread});
    // Who only hears follows no schedule, and is no closed loop either.
    const bool is_valid = outcome.verdict.kind == measure::Verdict::kValid;
    const bool only_hears =
        plan_.hears_others() || (plan_.rate_per_s > 0 && ShareOfSchedule() == 0);
    if (is_valid && only_hears) outcome.verdict.text = "VALID";
    NoteUnknownTimes(outcome);
    ConcludeBlocked(plan_, shared_, outcome);
    if (plan_.churn.per_s > 0) ConcludeChurn(plan_, outcome);
    ConcludeScript(plan_, outcome);
    // Of a part nobody can say what is missing.
    if (!IsAlone()) return;
    ConcludeCoverage(plan_, outcome);
    if (outcome.verdict.is_only_late && plan_.lag_allowed_ns == 0) NoteOnlyLate(outcome);
  }

  // With a bound that would have been enough: 1, 2 or 5 of a unit.
  static void NoteOnlyLate(Outcome& outcome) {
    const Findings& all = outcome.findings;
    const bool is_about_connects = all.own_lag.count() == 0;
    const measure::Histogram& lag = is_about_connects ? all.connect_lag : all.own_lag;
    int64_t enough_ns = 1'000;
    const int64_t late_ns = lag.Supports(99.9) ? lag.ValueAtPercentile(99.9) : lag.max();
    for (int step = 0; enough_ns < late_ns; ++step) {
      enough_ns = step % 3 == 1 ? enough_ns / 2 * 5 : enough_ns * 2;
    }
    outcome.notes.push_back(absl::StrCat(
        "Nothing but the generator's own lag speaks against this run; it is part of every response "
        "time. If so much does not matter for what is asked, say so: --lag-max ",
        measure::FormatTime(enough_ns), "."));
  }

  void NoteUnknownTimes(Outcome& outcome) const {
    const uint64_t unknown = outcome.findings.sent_times_unknown;
    if (unknown == 0) return;
    outcome.notes.push_back(
        absl::StrCat("Of ", outcome.findings.received, " deliveries ", unknown,
                     " have no service time: the times of the last ", plan_.SentTimesEach(),
                     " messages of a publisher are kept, and these came later."));
  }

  // How much of the run's rate this part's publishers have to send.
  [[nodiscard]] double ShareOfSchedule() const {
    if (IsAlone()) return 1;
    const Plan::Share end = plan_.ShareOf(part_.first + part_.count, &Role::publishes);
    const uint32_t before = plan_.ShareOf(part_.first, &Role::publishes).part;
    return end.parts == 0 ? 0 : static_cast<double>(end.part - before) / end.parts;
  }

  // What other processes do next; if one has died the leader knows.
  template <typename Done>
  static void AwaitOthers(Done done) {
    const int64_t end_ns = NowNs() + Ns(kOthersMaxS);
    while (!done() && NowNs() < end_ns) Pause();
  }

  void CountLosses(Outcome& outcome) {
    Findings& all = outcome.findings;
    uint64_t lost = 0;
    std::vector<uint64_t> seen(plan_.group_count());
    for (uint32_t i = 0; i < plan_.publishers; ++i) {
      outcome.sent_in_all += all.by_publisher[i];
      outcome.expected_in_all += all.by_publisher[i] * plan_.DeliveriesOf(i);
    }
    if (!plan_.watches_flows()) {
      CountByTotals(all.integrity);
      return;
    }
    for (const auto& worker : workers_) {
      for (const Peer& peer : worker->peers()) {
        if (peer.hearing == nullptr) continue;
        const Role& role = *peer.role;
        const uint32_t first = role.first_heard(peer.number);
        for (uint32_t i = first; i < first + role.count_heard(peer.number); ++i) {
          const measure::FlowWindow& flow = peer.hearing->flows[i];
          if (role.is_member(peer.number)) {
            seen[role.group_of(peer.number)] += flow.distinct();
          } else {
            lost += LostOf(*peer.hearing, i, all.integrity);
          }
        }
      }
    }
    if (plan_.asks) lost = Excuse(lost, 0, all.integrity);
    lost += Excuse(CountGroupLosses(seen), AllGivenUp(), all.integrity);
    (plan_.qos == Qos::kAtMostOnce ? all.integrity.lost_permitted : all.integrity.lost) += lost;
  }

  // Without flows; what came twice may hide what never came. With the first part.
  void CountByTotals(measure::IntegrityCounts& counts) {
    const std::optional<uint64_t> received = SumOfParts(counts.received);
    if (!received.has_value() || plan_.publishers == 0) return;
    uint64_t expected = 0;
    for (uint32_t i = 0; i < plan_.publishers; ++i) {
      expected += shared_.published[i].load(std::memory_order_relaxed) * plan_.DeliveriesOf(i);
    }
    uint64_t& lost = plan_.qos == Qos::kAtMostOnce ? counts.lost_permitted : counts.lost;
    lost += expected - std::min(expected, *received);
    counts.surplus += *received - std::min(expected, *received);
  }

  // Of one flow, without what nobody promised.
  uint64_t LostOf(Hearing& hearing, uint32_t publisher, measure::IntegrityCounts& counts) {
    const uint64_t sent = shared_.published[publisher].load(std::memory_order_relaxed);
    uint64_t lost = hearing.flows[publisher].Close(sent).lost;
    uint64_t unpromised = shared_.given_up[publisher].load(std::memory_order_relaxed);
    if (hearing.absences != nullptr) unpromised += (*hearing.absences)[publisher].Missed(sent);
    unpromised = std::min(unpromised, lost);
    counts.lost_unpromised += unpromised;
    return lost - unpromised;
  }

  // Of what is missing at a group or among answers nobody knows whose it was.
  uint64_t Excuse(uint64_t lost, uint64_t given_up, measure::IntegrityCounts& counts) {
    const bool is_all = shared_.clockwork.is_unpromised.load(std::memory_order_relaxed);
    const uint64_t unpromised = is_all ? lost : std::min(lost, given_up);
    counts.lost_unpromised += unpromised;
    return lost - unpromised;
  }

  [[nodiscard]] uint64_t AllGivenUp() const {
    uint64_t sum = 0;
    for (const auto& count : shared_.given_up) sum += count.load(std::memory_order_relaxed);
    return sum;
  }

  // Of members in all processes, once each has said what its own have seen.
  uint64_t CountGroupLosses(const std::vector<uint64_t>& seen) {
    Clockwork& clockwork = shared_.clockwork;
    for (size_t i = 0; i < seen.size(); ++i) {
      shared_.group_seen[i].fetch_add(seen[i], std::memory_order_relaxed);
    }
    clockwork.counted.fetch_add(1, std::memory_order_release);
    const bool has_group = std::ranges::any_of(
        plan_.roles, [](const Role& role) { return role.hears() && role.is_shared; });
    if (!has_group || part_.first > 0) return 0;
    AwaitOthers(
        [&] { return clockwork.counted.load(std::memory_order_acquire) == part_.processes; });
    uint64_t lost = 0;
    for (size_t i = 0; i < seen.size(); ++i) {
      const Group group =
          plan_.groups.empty() ? Group{.first = 0, .count = plan_.publishers} : plan_.groups[i];
      uint64_t sent = 0;
      for (const auto& count : shared_.published.subspan(group.first, group.count)) {
        sent += count.load(std::memory_order_relaxed);
      }
      const uint64_t all_seen = shared_.group_seen[i].load(std::memory_order_relaxed);
      lost += sent > all_seen ? sent - all_seen : 0;
    }
    return lost;
  }

  // What all parts have, once each has said it; only the first part is told.
  std::optional<uint64_t> SumOfParts(uint64_t own) {
    Clockwork& clockwork = shared_.clockwork;
    clockwork.received.fetch_add(own, std::memory_order_relaxed);
    clockwork.counted.fetch_add(1, std::memory_order_release);
    if (part_.first > 0) return std::nullopt;
    AwaitOthers(
        [&] { return clockwork.counted.load(std::memory_order_acquire) == part_.processes; });
    return clockwork.received.load(std::memory_order_relaxed);
  }

  const Plan& plan_;
  const RunTimes times_;
  const Observer& observer_;
  Shared& shared_;
  const Part part_;
  const bool leads_;
  Lookout lookout_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Phase phase_ = Phase::kConnect;
  int64_t phase_start_ns_ = 0;
  double phase_max_s_ = 0;
  bool interrupted_ = false;
  int64_t last_tick_ns_ = NowNs();
  int64_t watched_index_ = -1;
  uint64_t connected_ = 0;    // When IsStuck() looked last,
  int64_t connected_ns_ = 0;  // and since when it is so many.
  Unblocker unblocker_;
  Timeline timeline_;
  Intervals intervals_;
};

}  // namespace

Outcome Execute(const Plan& plan, const RunTimes& times, const Observer& observer) {
  Shared shared(plan);
  return Director(plan, times, observer, shared, {.first = 0, .count = plan.threads},
                  Director::Leads::kYes)
      .Run();
}

Outcome ExecutePart(const Plan& plan, const RunTimes& times, const Observer& observer,
                    Shared& shared, const Part& part) {
  return Director(plan, times, observer, shared, part, Director::Leads::kNo).Run();
}

Outcome Lead(const Plan& plan, const RunTimes& times, const Observer& observer, Shared& shared) {
  return Director(plan, times, observer, shared, {}, Director::Leads::kYes).Run();
}

}  // namespace ringmq::load
