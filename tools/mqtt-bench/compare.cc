// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "outputs.h"
#include "report/comparison.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

using report::Result;

int Complain(const std::string& why, int code) {
  std::fprintf(stderr, "mqtt-bench: %s\n", why.c_str());
  return code;
}

int Show(const std::vector<Result>& baseline, const std::vector<Result>& candidate,
         measure::Pairing pairing) {
  const report::Comparison comparison = report::CompareResults(baseline, candidate, pairing);
  const bool is_plain = isatty(STDOUT_FILENO) == 0 || std::getenv("NO_COLOR") != nullptr;
  std::fputs(
      report::ComparisonText(comparison, is_plain ? report::Colour::kNone : report::Colour::kAnsi)
          .c_str(),
      stdout);
  return comparison.has_worse() ? kAssertionFailed : kOk;
}

// False: said what is wrong.
bool ReadAll(const std::vector<std::string>& files, std::vector<Result>& results) {
  for (const std::string& file : files) {
    absl::StatusOr<Result> result = ReadResult(file);
    if (!result.ok()) {
      (void)Complain(std::string(result.status().message()), kUsage);
      return false;
    }
    results.push_back(*std::move(result));
  }
  return true;
}

}  // namespace

int CompareFiles(const Settings& settings) {
  std::vector<std::string> first = settings.files;
  std::vector<std::string> second = settings.with;
  if (second.empty() && first.size() == 2) {
    second = {first.back()};
    first.pop_back();
  }
  if (second.empty()) {
    return Complain(
        "compare: two sides are needed; for example compare a1.json a2.json --with b1.json b2.json",
        kUsage);
  }
  std::vector<Result> baseline;
  std::vector<Result> candidate;
  if (!ReadAll(first, baseline) || !ReadAll(second, candidate)) return kUsage;
  return Show(baseline, candidate, measure::Pairing::kIndependent);
}

int RunAb(const Settings& settings) {
  if (settings.url_b.empty()) {
    return Complain("--url-b: ab needs a second broker; for example --url-b mqtt://127.0.0.1:1884",
                    kUsage);
  }
  Settings side[2] = {settings, settings};
  side[0].command = side[1].command = settings.ab_scenario;
  side[1].url = settings.url_b;
  side[1].watch_pid = settings.watch_pid_b;
  std::vector<Result> results[2];
  // One pair more than is counted: the first warms both up.
  for (uint32_t pair = 0; pair <= settings.pairs; ++pair) {
    for (uint32_t turn = 0; turn < 2; ++turn) {
      const uint32_t which = (pair + turn) % 2;  // A B, B A: what drifts hits both alike.
      absl::StatusOr<Result> result = RunOnce(side[which], [](const load::Tick&) {});
      if (!result.ok()) return Complain(std::string(result.status().message()), kUsage);
      if (!RanWell(*result)) {
        PrintReport(*result);
        return Complain("ab: a run failed; see its report above", kRunFailed);
      }
      if (!settings.quiet) {
        std::fprintf(stderr, "pair %u of %u  %c  %.0f received/s%s\n", pair, settings.pairs,
                     'A' + static_cast<int>(which), result->rates.received_per_s,
                     pair == 0 ? "  (warm-up, does not count)" : "");
      }
      if (pair > 0) results[which].push_back(*std::move(result));
    }
  }
  return Show(results[0], results[1], measure::Pairing::kPaired);
}

}  // namespace ringmq::bench
