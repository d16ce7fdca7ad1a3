// SPDX-License-Identifier: Apache-2.0
#include "processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "load/shared.h"
#include "report/merge.h"
#include "report/result_json.h"

namespace ringmq::bench {
namespace {

using report::Result;

struct Child {
  pid_t pid = -1;  // Negative: it has ended.
  int pipe = -1;
};

void WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return;  // Who reads sees that it is cut off.
    if (count > 0) done += static_cast<size_t>(count);
  }
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[64 << 10];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

std::string EndOf(int status) {
  return WIFSIGNALED(status) ? absl::StrCat("was ended by signal ", WTERMSIG(status))
                             : absl::StrCat("exited with ", WEXITSTATUS(status));
}

class Family {
 public:
  Family(const load::Plan& plan, const load::RunTimes& times, const ProcessesOfRun& processes)
      : plan_(plan), times_(times), processes_(processes), shared_(plan) {}

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
    observer.is_hopeless = [this] { return HasLostOne(); };
    static_cast<void>(load::Lead(plan_, times_, observer, shared_));
    if (!death_.empty()) return absl::AbortedError(death_);
    return Collect();
  }

 private:
  absl::Status Start(uint32_t number) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
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
    processes_.begin();
    const load::Outcome outcome = load::ExecutePart(plan_, times_, observer, shared_, part);
    WriteAll(pipe, report::ToJson(processes_.make_result(outcome)));
    // Without what the copied stack and buffers of the other process would have to say.
    _exit(0);
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
    std::vector<Result> parts;
    for (size_t i = 0; i < children_.size(); ++i) {
      const std::string text = ReadAll(children_[i].pipe);
      int status = 0;
      waitpid(children_[i].pid, &status, 0);
      absl::StatusOr<Result> part = report::FromJson(text);
      if (status != 0 || !part.ok()) {
        Bury(i, status);
        return absl::AbortedError(death_);
      }
      children_[i].pid = -1;
      parts.push_back(*std::move(part));
    }
    Result whole = report::Merge(parts);
    Divide(whole);
    return whole;
  }

  // Costs are those of the whole run, warm-up included, and so are the messages.
  void Divide(Result& whole) const {
    uint64_t messages = whole.integrity.received;
    for (const auto& count : shared_.published) messages += count.load(std::memory_order_relaxed);
    if (messages == 0) return;
    const double per_million = 1e6 / static_cast<double>(messages);
    whole.generator.cpu_s_per_million = whole.generator.cpu_s * per_million;
    if (whole.broker) whole.broker->cpu_s_per_million = whole.broker->cpu_s * per_million;
  }

  const load::Plan& plan_;
  const load::RunTimes& times_;
  const ProcessesOfRun& processes_;
  load::Shared shared_;
  std::vector<Child> children_;
  std::string death_;  // Of the first that died; empty: none has.
};

}  // namespace

absl::StatusOr<Result> RunProcesses(const load::Plan& plan, const load::RunTimes& times,
                                    const ProcessesOfRun& processes) {
  return Family(plan, times, processes).Run();
}

}  // namespace ringmq::bench
