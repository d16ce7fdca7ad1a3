// What the broker's process has used: CPU time in nanoseconds over all its threads, and memory.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace ringmq::load {

// User and system time. /proc/PID/task/*/schedstat counts nanoseconds; stat counts ticks of 10 ms.
inline double CpuSeconds(int pid) {
  double total_ns = 0;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* const dir = opendir(tasks.c_str());
  if (dir == nullptr) return 0;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = tasks + "/" + entry->d_name + "/schedstat";
    FILE* const file = std::fopen(path.c_str(), "re");
    if (file == nullptr) continue;
    unsigned long long ns = 0;
    if (std::fscanf(file, "%llu", &ns) == 1) total_ns += static_cast<double>(ns);
    std::fclose(file);
  }
  closedir(dir);
  return total_ns / 1e9;
}

inline uint64_t ResidentBytes(int pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/statm";
  FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long long size = 0;
  unsigned long long resident = 0;
  const int fields = std::fscanf(file, "%llu %llu", &size, &resident);
  std::fclose(file);
  return fields == 2 ? resident * 4096 : 0;
}

}  // namespace ringmq::load
