// SPDX-License-Identifier: Apache-2.0
#include "compare.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "outputs.h"
#include "progress.h"
#include "report/comparison.h"
#include "report/comparison_page.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

using report::Result;

int Complain(const std::string& why, int code) {
  std::fprintf(stderr, "mqtt-bench: %s\n", why.c_str());
  return code;
}

struct Runs {
  std::vector<Result> results;
  std::vector<std::string> sources;  // A file or a URL, of each.
};

// The file of --html, the only one that a comparison can write. A value: said what is wrong.
std::optional<int> FindPageFile(const Settings& settings, std::string& page_file) {
  for (size_t i = 0; i < settings.outputs.size(); ++i) {
    if (settings.outputs[i].empty()) continue;
    const std::string flag = Outputs()[i].flag;
    if (flag != "--html") {
      return Complain(absl::StrCat(flag, ": ", settings.command,
                                   " writes nothing but a page; for example --html page.html"),
                      kUsage);
    }
    page_file = settings.outputs[i];
  }
  return std::nullopt;
}

int Show(const Runs& baseline, const Runs& candidate, measure::Pairing pairing,
         const std::string& page_file, bool allow_invalid) {
  const report::Comparison comparison = report::CompareResults(
      baseline.results, candidate.results, pairing,
      allow_invalid ? report::OfInvalid::kAllow : report::OfInvalid::kConcludeNothing);
  const bool is_plain = isatty(STDOUT_FILENO) == 0 || std::getenv("NO_COLOR") != nullptr;
  std::fputs(
      report::ComparisonText(comparison, is_plain ? report::Colour::kNone : report::Colour::kAnsi)
          .c_str(),
      stdout);
  if (!page_file.empty()) {
    const std::string page = report::ComparisonPage(
        comparison, {baseline.results, baseline.sources}, {candidate.results, candidate.sources});
    const absl::Status status = WriteFile("--html", page_file, page);
    if (!status.ok()) return Complain(std::string(status.message()), kRunFailed);
  }
  if (!comparison.is_conclusive() || comparison.figures.empty()) return kMeasurementInvalid;
  return comparison.has_worse() ? kAssertionFailed : kOk;
}

// False: said what is wrong.
bool ReadAll(const std::vector<std::string>& files, Runs& runs) {
  for (const std::string& file : files) {
    absl::StatusOr<std::vector<Result>> results = ReadResults(file);
    if (!results.ok()) {
      (void)Complain(std::string(results.status().message()), kUsage);
      return false;
    }
    for (size_t i = 0; i < results->size(); ++i) {
      runs.results.push_back(std::move((*results)[i]));
      runs.sources.push_back(results->size() == 1 ? file : absl::StrCat(file, ", trial ", i + 1));
    }
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
  std::string page_file;
  if (const std::optional<int> code = FindPageFile(settings, page_file)) return *code;
  Runs baseline;
  Runs candidate;
  if (!ReadAll(first, baseline) || !ReadAll(second, candidate)) return kUsage;
  return Show(baseline, candidate, measure::Pairing::kIndependent, page_file,
              settings.allow_invalid);
}

int RunAb(const Settings& settings) {
  if (settings.url_b.empty()) {
    return Complain("--url-b: ab needs a second broker; for example --url-b mqtt://127.0.0.1:1884",
                    kUsage);
  }
  std::string page_file;
  if (const std::optional<int> code = FindPageFile(settings, page_file)) return *code;
  Settings side[2] = {settings, settings};
  side[0].command = side[1].command = settings.scenario;
  side[1].urls = {settings.url_b};
  side[1].watch_pid = settings.watch_pid_b;
  Runs runs[2];
  // One pair more than is counted: the first warms both up.
  for (uint32_t pair = 0; pair <= settings.pairs; ++pair) {
    for (uint32_t turn = 0; turn < 2; ++turn) {
      const uint32_t which = (pair + turn) % 2;  // A B, B A: what drifts hits both alike.
      absl::StatusOr<Result> result = RunOnScreen(side[which], OffScreen::kNothing);
      if (!result.ok()) return Complain(std::string(result.status().message()), kUsage);
      if (result->interrupted) return Complain("ab: interrupted", kInterrupted);
      if (!RanWell(*result)) {
        PrintReport(*result);
        return Complain("ab: a run failed; see its report above", kRunFailed);
      }
      if (!settings.quiet) {
        std::fprintf(stderr, "pair %u of %u  %c  %.0f received/s%s\n", pair, settings.pairs,
                     'A' + static_cast<int>(which), result->rates.received_per_s,
                     pair == 0 ? "  (warm-up, does not count)" : "");
      }
      if (pair == 0) continue;
      runs[which].results.push_back(*std::move(result));
      runs[which].sources.push_back(absl::StrJoin(side[which].urls, ", "));
    }
  }
  return Show(runs[0], runs[1], measure::Pairing::kPaired, page_file, settings.allow_invalid);
}

}  // namespace ringmq::bench
