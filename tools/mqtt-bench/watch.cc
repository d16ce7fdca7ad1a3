// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace ringmq::bench {

namespace {

// What the threads that are there have run, to the nanosecond; zero: the kernel does not say.
double ThreadSeconds(int pid) {
  std::error_code error;
  double ns = 0;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    std::ifstream file(task.path() / "schedstat");
    double one = 0;
    if (file >> one) ns += one;
  }
  return ns * 1e-9;
}

}  // namespace

std::optional<Spent> Look(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name is in brackets and may hold anything, brackets included.
  const size_t open = line.find('(');
  const size_t close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  Spent spent;
  spent.name = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 2));
  // Fields 3 on; utime is the 14th, stime the 15th, rss the 24th (proc(5)).
  std::string field;
  double ticks = 0;
  for (int number = 3; number <= 24 && rest >> field; ++number) {
    if (number == 14 || number == 15) ticks += std::strtod(field.c_str(), nullptr);
    if (number == 24) {
      spent.rss_bytes =
          std::strtoull(field.c_str(), nullptr, 10) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    }
  }
  // In ticks of 10 ms, but with the threads that have ended.
  spent.cpu_s = ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  spent.cpu_s = std::max(spent.cpu_s, ThreadSeconds(pid));
  return spent;
}

}  // namespace ringmq::bench
