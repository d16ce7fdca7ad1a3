// SPDX-License-Identifier: Apache-2.0
#include "find_broker.h"

#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/scoped_fd.h"
#include "target.h"

namespace ringmq::bench {
namespace {

namespace fs = std::filesystem;

// As /proc/PID/fd names them.
using Sockets = std::set<std::string>;

std::string NameOf(const std::string& inode) { return "socket:[" + inode + "]"; }

// proc(5): "sl local_address rem_address st ... inode", the fourth and the tenth column.
void AddTcpListeners(const char* path, uint16_t port, Sockets& found) {
  constexpr const char* kListening = "0A";
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state, skipped, inode;
    words >> number >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) words >> skipped;
    if (!(words >> inode) || state != kListening) continue;
    const size_t colon = local.rfind(':');
    if (colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) found.insert(NameOf(inode));
  }
}

// "Num RefCount Protocol Flags Type St Inode Path"; an abstract name begins with @.
void AddUnixListeners(const std::string& name, Sockets& found) {
  constexpr unsigned long kListening = 0x10000;
  std::ifstream file("/proc/net/unix");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number, count, protocol, flags, type, state, inode, path;
    words >> number >> count >> protocol >> flags >> type >> state >> inode >> std::ws;
    std::getline(words, path);
    const bool listens = (std::strtoul(flags.c_str(), nullptr, 16) & kListening) != 0;
    if (listens && path == name) found.insert(NameOf(inode));
  }
}

std::string UnixNameOf(const sockaddr_storage& address) {
  sockaddr_un name{};
  std::memcpy(&name, &address, sizeof(name));
  if (name.sun_path[0] != '\0') return name.sun_path;
  return std::string("@") + (name.sun_path + 1);
}

uint16_t PortOf(const sockaddr_storage& address) {
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof(v6));
  return ntohs(v6.sin6_port);  // Of both families in one place.
}

// Whether it is an address of this machine.
bool IsHere(sockaddr_storage address) {
  const base::ScopedFd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 any{};
  std::memcpy(&any, &address, sizeof(any));
  any.sin6_port = 0;
  std::memcpy(&address, &any, sizeof(any));
  const socklen_t size_bytes =
      address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size_bytes) == 0;
}

bool HasOneOf(const fs::path& process, const Sockets& sockets) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    const fs::path target = fs::read_symlink(entry.path(), error);
    if (!error && sockets.contains(target.string())) return true;
  }
  return false;
}

// The one process that listens at all of them.
absl::StatusOr<int> FindListenerAt(const Settings& settings, const std::vector<std::string>& urls) {
  std::set<int> pids;
  for (const std::string& url : urls) {
    const absl::StatusOr<load::Target> target = MakeTarget(settings, url);
    if (!target.ok()) return target.status();
    const absl::StatusOr<int> found = FindListener(target->address);
    if (!found.ok() && urls.size() == 1) return found.status();
    if (!found.ok()) return absl::NotFoundError(absl::StrCat(url, ": ", found.status().message()));
    pids.insert(*found);
  }
  if (pids.size() == 1) return *pids.begin();
  return absl::NotFoundError(
      absl::StrCat("the URLs belong to different processes, ", absl::StrJoin(pids, ", ")));
}

}  // namespace

absl::StatusOr<int> FindListener(const sockaddr_storage& address) {
  Sockets sockets;
  if (address.ss_family == AF_UNIX) {
    AddUnixListeners(UnixNameOf(address), sockets);
  } else if (IsHere(address)) {
    AddTcpListeners("/proc/net/tcp", PortOf(address), sockets);
    AddTcpListeners("/proc/net/tcp6", PortOf(address), sockets);
  } else {
    return absl::NotFoundError("the broker runs on another machine");
  }
  if (sockets.empty()) return absl::NotFoundError("nobody listens there");
  std::vector<int> pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool is_process = failed == std::errc() && end == name.data() + name.size();
    if (is_process && HasOneOf(entry.path(), sockets)) pids.push_back(pid);
  }
  if (pids.empty()) return absl::NotFoundError("we may not see whose the listener is");
  return *std::ranges::min_element(pids);
}

absl::Status FindBrokers(Settings& settings) {
  const auto find = [&settings](const std::vector<std::string>& urls, const char* flag,
                                int& pid) -> absl::Status {
    if (pid != kWatchAuto) return absl::OkStatus();
    const absl::StatusOr<int> found = FindListenerAt(settings, urls);
    if (!found.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(flag, " auto: ", found.status().message(),
                                                     "; name it, for example ", flag,
                                                     " $(pidof ringmqd)"));
    }
    pid = *found;
    return absl::OkStatus();
  };
  if (absl::Status status = find(settings.urls, "--watch-pid", settings.watch_pid); !status.ok()) {
    return status;
  }
  return find({settings.url_b}, "--watch-pid-b", settings.watch_pid_b);
}

}  // namespace ringmq::bench
