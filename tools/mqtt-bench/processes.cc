// SPDX-License-Identifier: Apache-2.0
#include "processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "channel.h"
#include "load/outcome_text.h"
#include "load/relay.h"
#include "load/shared.h"
#include "load/stateful_outcome.h"
#include "report/merge.h"
#include "report/result_json.h"

namespace ringmq::bench {
namespace {

using report::Result;

constexpr int kForEver = -1;
constexpr int kAtOnce = 0;

struct Child {
  pid_t pid = -1;  // Negative: it has ended.
  int pipe = -1;   // Negative: it has said everything.
  Inbox inbox{};
  std::optional<load::Outcome> outcome{};
  std::optional<Result> result{};
};

std::string EndOf(int status) {
  return WIFSIGNALED(status) ? absl::StrCat("was ended by signal ", WTERMSIG(status))
                             : absl::StrCat("exited with ", WEXITSTATUS(status));
}

class Family {
 public:
  Family(const load::Plan& plan, const load::RunTimes& times, const ProcessesOfRun& processes)
      : plan_(plan), times_(times), processes_(processes), shared_(plan), postings_(plan.threads) {}

  ~Family() {
    for (Child& child : children_) {
      if (child.pipe >= 0) close(child.pipe);
      if (child.pid < 0) continue;
      kill(child.pid, SIGKILL);
      waitpid(child.pid, nullptr, 0);
    }
  }

  absl::StatusOr<Result> Run() {
    for (uint32_t i = 0; i < processes_.count; ++i) {
      if (absl::Status status = Start(i); !status.ok()) return status;
    }
    load::Observer observer = processes_.leader;
    observer.broker = processes_.first.broker;  // For whoever looks on.
    observer.is_hopeless = [this] {
      Listen(kAtOnce);
      return HasLostOne();
    };
    static_cast<void>(load::Lead(plan_, times_, observer, shared_));
    if (!death_.empty()) return absl::AbortedError(death_);
    return Collect();
  }

 private:
  absl::Status Start(uint32_t number) {
    int ends[2];
    // The reader's end does not block, for there are several.
    if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
      return absl::AbortedError(absl::StrCat("--processes: pipe: ", std::strerror(errno)));
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
      const int error = errno;
      close(ends[0]);
      close(ends[1]);
      return absl::AbortedError(absl::StrCat("--processes: fork: ", std::strerror(error)));
    }
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(1);
      Follow(number, ends[1]);
    }
    close(ends[1]);
    children_.push_back({.pid = pid, .pipe = ends[0]});
    return absl::OkStatus();
  }

  [[noreturn]] void Follow(uint32_t number, int pipe) {
    // Who presses Ctrl-C means all of them, and the leader tells the others.
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const uint32_t each = plan_.threads / processes_.count;
    const load::Part part = {.first = number * each, .count = each, .processes = processes_.count};
    load::Observer observer = processes_.first;
    if (number > 0) observer.broker = {};
    load::PostingSender postings(plan_.threads);
    if (processes_.leader.on_tick) Relay(pipe, postings, observer);
    processes_.begin();
    const load::Outcome outcome = load::ExecutePart(plan_, times_, observer, shared_, part);
    Say(pipe, Message::kOutcome, load::ToText(outcome));
    Say(pipe, Message::kResult, report::ToJson(processes_.make_result(outcome)));
    // Without what the copied stack and buffers of the other process would have to say.
    _exit(0);
  }

  // What threads of this process show goes to the one that is looked at.
  static void Relay(int pipe, load::PostingSender& postings, load::Observer& observer) {
    constexpr int64_t kRelayNs = 100'000'000;
    observer.tick_ns = kRelayNs;
    observer.on_second = [pipe](int64_t index, const load::LiveSecond& second) {
      Say(pipe, Message::kSecond, load::SecondToText(index, second));
    };
    observer.on_board = [pipe, &postings](const load::Board& board) {
      const std::string news = postings.News(board);
      if (!news.empty()) Say(pipe, Message::kPosting, news);
    };
  }

  // A process that ends before its result is read had no time to finish.
  bool HasLostOne() {
    for (size_t i = 0; i < children_.size() && death_.empty(); ++i) {
      int status = 0;
      if (children_[i].pid < 0 || waitpid(children_[i].pid, &status, WNOHANG) <= 0) continue;
      Bury(i, status);
    }
    return !death_.empty();
  }

  void Bury(size_t i, int status) {
    const pid_t pid = std::exchange(children_[i].pid, -1);
    death_ = absl::StrCat("process ", i + 1, " of ", children_.size(), " (pid ", pid, ") ",
                          EndOf(status), "; the run was given up");
  }

  absl::StatusOr<Result> Collect() {
    while (Listen(kForEver)) continue;
    std::vector<Result> results;
    std::vector<load::Outcome> outcomes;
    for (size_t i = 0; i < children_.size(); ++i) {
      int status = 0;
      waitpid(children_[i].pid, &status, 0);
      if (status != 0 || !children_[i].outcome || !children_[i].result) {
        Bury(i, status);
        return absl::AbortedError(death_);
      }
      children_[i].pid = -1;
      results.push_back(*std::move(children_[i].result));
      outcomes.push_back(*std::move(children_[i].outcome));
    }
    Result whole = report::Merge(results);
    load::Outcome joined = load::Join(plan_, outcomes);
    const bool is_as_one = load::IsConcludedAsOne(plan_);
    if (!is_as_one) joined.verdict = whole.verdict;
    load::ConcludeCoverage(plan_, joined);
    if (is_as_one) whole = AsOne(whole, joined);
    whole.verdict = joined.verdict;
    Divide(outcomes, whole);
    return whole;
  }

  // Reads what the children have said, or waits until one says something; false: all are silent.
  bool Listen(int timeout_ms) {
    std::vector<pollfd> pipes;
    for (const Child& child : children_) {
      pipes.push_back({.fd = child.pipe, .events = POLLIN, .revents = 0});
    }
    const auto is_closed = [](const pollfd& pipe) { return pipe.fd < 0; };
    if (std::ranges::all_of(pipes, is_closed)) return false;
    if (poll(pipes.data(), pipes.size(), timeout_ms) <= 0) return true;
    for (size_t i = 0; i < children_.size(); ++i) {
      if (pipes[i].revents != 0) Hear(children_[i]);
    }
    return true;
  }

  void Hear(Child& child) {
    const bool has_more = child.inbox.Read(child.pipe);
    for (const auto& [kind, text] : child.inbox.Take()) {
      switch (kind) {
        case Message::kSecond:
          RMQ_CHECK(load::AddSecond(text, shared_.series));
          break;
        case Message::kPosting:
          RMQ_CHECK(postings_.Take(text, shared_.board));
          break;
        case Message::kOutcome:
          child.outcome = load::OutcomeFromText(text);
          break;
        case Message::kResult:
          if (absl::StatusOr<Result> result = report::FromJson(text); result.ok()) {
            child.result = *std::move(result);
          }
          break;
      }
    }
    if (!has_more) close(std::exchange(child.pipe, -1));
  }

  // The figures of the whole; of the seconds, the broker and the memory only the parts know.
  [[nodiscard]] Result AsOne(Result& merged, const load::Outcome& joined) const {
    Result whole = processes_.make_result(joined);
    whole.processes = merged.processes;
    whole.series = std::move(merged.series);
    whole.intervals = std::move(merged.intervals);
    whole.broker = std::move(merged.broker);
    whole.generator.bytes_per_connection = merged.generator.bytes_per_connection;
    return whole;
  }

  // Costs are those of the whole run, warm-up included, and so are the messages.
  static void Divide(std::span<const load::Outcome> outcomes, Result& whole) {
    uint64_t messages = whole.integrity.received;
    if (messages == 0) {
      for (const load::Outcome& outcome : outcomes) messages += outcome.sent_in_all;
    }
    if (messages == 0) return;
    const double per_million = 1e6 / static_cast<double>(messages);
    whole.generator.cpu_s_per_million = whole.generator.cpu_s * per_million;
    if (whole.broker) whole.broker->cpu_s_per_million = whole.broker->cpu_s * per_million;
  }

  const load::Plan& plan_;
  const load::RunTimes& times_;
  const ProcessesOfRun& processes_;
  load::Shared shared_;  // Its series and board have what the children hand on.
  load::PostingReceiver postings_;
  std::vector<Child> children_;
  std::string death_;  // Of the first that died; empty: none has.
};

}  // namespace

absl::StatusOr<Result> RunProcesses(const load::Plan& plan, const load::RunTimes& times,
                                    const ProcessesOfRun& processes) {
  return Family(plan, times, processes).Run();
}

}  // namespace ringmq::bench
