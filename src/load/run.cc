// SPDX-License-Identifier: Apache-2.0
#include "load/run.h"

#include <time.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "load/stateful_outcome.h"
#include "load/worker.h"
#include "reactor/clock.h"

namespace ringmq::load {
namespace {

constexpr int64_t kStepNs = 5'000'000;
constexpr int64_t kSecondNs = 1'000'000'000;
// A thread hands a second over with its next turn; this is time enough.
constexpr int64_t kHandOverNs = 300'000'000;

int64_t NowNs() { return reactor::MonotonicNow().ns; }

int64_t Ns(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

// Sleeps, as the one thread of the tool that has nothing to do.
void Pause() {
  const timespec time{.tv_sec = 0, .tv_nsec = kStepNs};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

class Director {
 public:
  Director(const Plan& plan, const RunTimes& times, const Observer& observer)
      : plan_(plan),
        times_(times),
        observer_(observer),
        shared_(plan),
        lookout_(plan, times.measure_s, shared_),
        timeline_(times.warmup_s) {
    if (observer.on_tick) shared_.board.Open();
    for (uint32_t part = 0; part < plan.threads; ++part) {
      workers_.push_back(std::make_unique<Worker>(plan, part, shared_));
    }
  }

  Outcome Run() {
    std::vector<std::thread> threads;
    for (const auto& worker : workers_) {
      threads.emplace_back([&worker] { worker->Run(); });
    }
    Outcome outcome;
    outcome.connect_s = Await(Phase::kConnect, times_.connect_max_s, [this] {
      const Tick now = lookout_.Count();
      return now.connected + now.failed == now.connections || IsInterrupted();
    });
    const Tick reached = lookout_.Count();
    outcome.connected = reached.connected;
    // Who was not there in time has failed, but for who was not given the time.
    outcome.failed = interrupted_ ? reached.failed : reached.connections - reached.connected;
    if (outcome.failed == 0 && !interrupted_) Load(outcome);
    if (observer_.broker) outcome.broker = observer_.broker();
    shared_.phase.store(Phase::kLeave, std::memory_order_release);
    for (std::thread& thread : threads) thread.join();
    CollectSeconds(INT64_MAX);
    outcome.series = timeline_.rows();
    outcome.interrupted = interrupted_;
    Merge(outcome);
    return outcome;
  }

 private:
  void Load(Outcome& outcome) {
    const int64_t start_ns = NowNs();
    const int64_t measure_ns = start_ns + Ns(times_.warmup_s);
    shared_.load_start_ns.store(start_ns, std::memory_order_relaxed);
    shared_.measure_end_ns.store(measure_ns + Ns(times_.measure_s), std::memory_order_relaxed);
    shared_.measure_start_ns.store(measure_ns, std::memory_order_relaxed);
    const auto is_over = [this] {
      return (plan_.messages_max > 0 && IsExhausted()) || IsInterrupted();
    };
    Await(Phase::kWarmup, times_.warmup_s, is_over);
    Await(Phase::kMeasure, times_.measure_s, is_over);
    if (interrupted_) shared_.measure_end_ns.store(NowNs(), std::memory_order_relaxed);
    const double measured_s = static_cast<double>(NowNs() - measure_ns) * 1e-9;
    outcome.measured_s = std::clamp(measured_s, 0.0, times_.measure_s);
    outcome.drain_s = Await(Phase::kDrain, times_.drain_max_s, [this] { return IsDrained(); });
    outcome.drained = IsDrained();
  }

  // Until `done` or for so long; says how long.
  template <typename Done>
  double Await(Phase phase, double seconds, Done done) {
    phase_ = phase;
    phase_max_s_ = seconds;
    phase_start_ns_ = NowNs();
    shared_.phase.store(phase, std::memory_order_release);
    const int64_t end_ns = phase_start_ns_ + Ns(seconds);
    while (NowNs() < end_ns && !done()) {
      Pause();
      WatchBroker();
      if (NowNs() - last_tick_ns_ < observer_.tick_ns) continue;
      last_tick_ns_ = NowNs();
      CollectSeconds((NowNs() - load_start_ns() - kHandOverNs) / kSecondNs);
      if (observer_.on_tick) observer_.on_tick(Look());
    }
    return static_cast<double>(NowNs() - phase_start_ns_) * 1e-9;
  }

  [[nodiscard]] int64_t load_start_ns() const {
    const int64_t start_ns = shared_.load_start_ns.load(std::memory_order_relaxed);
    return start_ns == 0 ? NowNs() : start_ns;
  }

  // As near to the beginning of each second as the pauses allow.
  void WatchBroker() {
    if (!observer_.broker || shared_.load_start_ns.load(std::memory_order_relaxed) == 0) return;
    const int64_t index = (NowNs() - load_start_ns()) / kSecondNs;
    if (index == watched_index_) return;
    watched_index_ = index;
    if (const auto sample = observer_.broker()) timeline_.Look(index, *sample);
  }

  void CollectSeconds(int64_t before) {
    for (const auto& [index, second] : shared_.series.Take(before)) {
      timeline_.Append(index, second);
    }
  }

  [[nodiscard]] Tick Look() {
    Tick tick = lookout_.Look();
    tick.phase = phase_;
    tick.phase_s = static_cast<double>(NowNs() - phase_start_ns_) * 1e-9;
    tick.phase_max_s = phase_max_s_;
    tick.seconds = timeline_.rows();
    return tick;
  }

  // Asks until the answer is yes.
  bool IsInterrupted() {
    if (!interrupted_ && observer_.wants_end) interrupted_ = observer_.wants_end();
    return interrupted_;
  }

  [[nodiscard]] bool IsExhausted() const {
    return std::all_of(shared_.progress.begin(), shared_.progress.end(), [](const auto& progress) {
      return progress->exhausted.load(std::memory_order_relaxed);
    });
  }

  // Each thread the work of that phase.
  [[nodiscard]] bool HaveAllFinished(Phase phase) const {
    return std::all_of(shared_.progress.begin(), shared_.progress.end(), [&](const auto& progress) {
      return progress->finished.load(std::memory_order_relaxed) == phase;
    });
  }

  [[nodiscard]] bool IsDrained() const {
    if (!IsExhausted()) return false;
    if (plan_.churn.per_s > 0 && !HaveAllFinished(Phase::kDrain)) return false;
    const Tick now = lookout_.Count();
    if (plan_.qos != Qos::kAtMostOnce && now.acked < now.sent) return false;
    // Every publisher of a run has the same audience.
    return now.received >= now.sent * plan_.DeliveriesOf(0);
  }

  void Merge(Outcome& outcome) {
    Findings& all = outcome.findings;
    all.by_publisher.resize(plan_.publishers);
    int64_t most_cpu_ns = -1;
    for (uint32_t part = 0; part < plan_.threads; ++part) {
      const Findings& one = workers_[part]->findings();
      all.Merge(one);
      if (one.load_busy_ns > most_cpu_ns) {
        most_cpu_ns = one.load_busy_ns;
        outcome.busiest_thread = part;
      }
    }
    all.engine = workers_.front()->findings().engine;
    CountLosses(outcome);
    const double load_s = times_.warmup_s + outcome.measured_s;
    if (load_s > 0) outcome.busiest_share = static_cast<double>(most_cpu_ns) * 1e-9 / load_s;
    outcome.verdict =
        JudgeTally(all, plan_.rate_per_s, outcome.measured_s,
                   {.share = outcome.busiest_share, .thread = outcome.busiest_thread});
    if (plan_.churn.per_s > 0) ConcludeChurn(plan_, outcome);
  }

  void CountLosses(Outcome& outcome) {
    Findings& all = outcome.findings;
    uint64_t lost = 0;
    uint64_t shared_sent = 0;
    uint64_t shared_seen = 0;
    for (uint32_t i = 0; i < plan_.publishers; ++i) {
      outcome.sent_in_all += all.by_publisher[i];
      outcome.expected_in_all += all.by_publisher[i] * plan_.DeliveriesOf(i);
    }
    for (const auto& worker : workers_) {
      for (const Peer& peer : worker->peers()) {
        if (peer.hearing == nullptr) continue;
        const Role& role = *peer.role;
        const uint32_t first = role.first_heard(peer.number);
        for (uint32_t i = first; i < first + role.hears_count; ++i) {
          const measure::FlowWindow& flow = peer.hearing->flows[i];
          if (role.is_shared) {
            shared_seen += flow.distinct();
            shared_sent = outcome.sent_in_all;
          } else {
            lost += flow.Close(all.by_publisher[i]).lost;
          }
        }
      }
    }
    if (shared_sent > shared_seen) lost += shared_sent - shared_seen;
    (plan_.qos == Qos::kAtMostOnce ? all.integrity.lost_permitted : all.integrity.lost) += lost;
  }

  const Plan& plan_;
  const RunTimes times_;
  const Observer& observer_;
  Shared shared_;
  Lookout lookout_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Phase phase_ = Phase::kConnect;
  int64_t phase_start_ns_ = 0;
  double phase_max_s_ = 0;
  bool interrupted_ = false;
  int64_t last_tick_ns_ = NowNs();
  int64_t watched_index_ = -1;
  Timeline timeline_;
};

}  // namespace

Outcome Execute(const Plan& plan, const RunTimes& times, const Observer& observer) {
  return Director(plan, times, observer).Run();
}

}  // namespace ringmq::load
