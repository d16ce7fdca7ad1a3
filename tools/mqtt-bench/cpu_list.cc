// SPDX-License-Identifier: Apache-2.0
#include "cpu_list.h"

#include <sched.h>

#include <charconv>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "make_plan.h"

namespace ringmq::bench {
namespace {

bool ParseNumber(std::string_view text, int& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value >= 0 && value < CPU_SETSIZE;
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(const std::string& text) {
  std::vector<int> cpus;
  if (text.empty()) return cpus;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    const size_t dash = part.find('-');
    int first = 0;
    bool is_right = ParseNumber(part.substr(0, dash), first);
    int last = first;
    if (dash != std::string::npos) {
      is_right = is_right && ParseNumber(part.substr(dash + 1), last) && last >= first;
    }
    if (!is_right) {
      return Bad("--cpu-list", absl::StrCat("'", text, "' is no list of cores"),
                 "--cpu-list 0,2-3");
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  cpu_set_t ours;
  CPU_ZERO(&ours);
  sched_getaffinity(0, sizeof(ours), &ours);
  for (const int cpu : cpus) {
    if (CPU_ISSET(cpu, &ours)) continue;
    return Bad("--cpu-list", absl::StrCat("core ", cpu, " is not there, or not for us"),
               "--cpu-list 0");
  }
  return cpus;
}

std::string SharedWith(int pid, const std::vector<int>& cpus) {
  cpu_set_t theirs;
  CPU_ZERO(&theirs);
  if (sched_getaffinity(pid, sizeof(theirs), &theirs) != 0) return "";
  std::vector<int> both;
  for (const int cpu : cpus) {
    if (CPU_ISSET(cpu, &theirs)) both.push_back(cpu);
  }
  return absl::StrJoin(both, ", ");
}

}  // namespace ringmq::bench
