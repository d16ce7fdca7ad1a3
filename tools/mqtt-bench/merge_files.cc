// SPDX-License-Identifier: Apache-2.0
#include "merge_files.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "finish.h"
#include "judge.h"
#include "outputs.h"
#include "report/merge_hosts.h"

namespace ringmq::bench {

int MergeFiles(const Settings& settings) {
  const auto complain = [](const std::string& why) {
    return Complain(absl::InvalidArgumentError(absl::StrCat("merge: ", why)), kUsage);
  };
  const auto assertions = ParseAssertions(settings.assertions);
  if (!assertions.ok()) return Complain(assertions.status(), kUsage);
  if (settings.files.size() < 2) {
    return complain("two results are needed; for example merge a.json b.json -o all.json");
  }
  Settings out = settings;
  if (!settings.merged_file.empty()) {
    std::string& json = out.outputs[IndexOf("--json")];
    if (!json.empty()) return complain("-o and --json are the same; give one of them");
    json = settings.merged_file;
    if (const absl::Status status = CheckOutputs(out.outputs); !status.ok()) {
      return Complain(status, kUsage);
    }
  }
  std::vector<report::Result> results;
  for (const std::string& file : settings.files) {
    absl::StatusOr<report::Result> result = ReadResult(file);
    if (!result.ok()) return Complain(result.status(), kUsage);
    results.push_back(*std::move(result));
  }
  absl::StatusOr<report::Result> whole = report::MergeHosts(
      results, {.sources = settings.files, .allows_differences = settings.force});
  if (!whole.ok()) return complain(std::string(whole.status().message()));
  whole->command_line = settings.command_line;
  JudgeBy(*assertions, *whole);
  return Finish(*whole, out);
}

}  // namespace ringmq::bench
