// SPDX-License-Identifier: Apache-2.0
#include "reactor/features.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/scoped_fd.h"
#include "reactor/clock.h"
#include "reactor/epoll_ring.h"
#include "reactor/listen.h"
#include "reactor/uring_compat.h"
#include "reactor/uring_ring.h"

namespace ringmq::reactor {
namespace {

using base::ScopedFd;

constexpr UringOptions kTinyRing = {
    .sq_entries = 4, .cq_entries = 8, .buffer_count = 2, .buffer_size_bytes = 4096};

std::string KernelName() {
  utsname name{};
  if (uname(&name) < 0) return "unknown";
  return absl::StrCat(name.sysname, " ", name.release);
}

// The value behind "key" in a file of "key value" lines; an empty key means the first line.
std::string ReadProcValue(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!absl::StartsWith(line, key)) continue;
    const size_t start = line.find_first_not_of(" \t", key.size());
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

// Why io_uring does not work, and what to do about it.
std::string ExplainRefusal(const absl::Status& status) {
  const std::string sysctl = ReadProcValue("/proc/sys/kernel/io_uring_disabled", "");
  const std::string seccomp = ReadProcValue("/proc/self/status", "Seccomp:");
  std::string cause;
  if (!sysctl.empty() && sysctl != "0") {
    cause = absl::StrCat("sysctl kernel.io_uring_disabled is ", sysctl,
                         "; allow it with 'sysctl kernel.io_uring_disabled=0'");
  } else if (!seccomp.empty() && seccomp != "0") {
    cause = absl::StrCat("a seccomp filter is active (Seccomp: ", seccomp,
                         "); allow io_uring_setup, io_uring_enter and io_uring_register in the "
                         "container's seccomp profile");
  } else {
    cause = absl::StrCat("kernel ", KernelName(), " does not offer it; use Linux 6.1 or newer");
  }
  return absl::StrCat("io_uring is not available (", status.message(), "): ", cause);
}

bool SetupWorks(unsigned flags) {
  io_uring_params params{};
  params.flags = flags;
  const auto fd = static_cast<int>(syscall(__NR_io_uring_setup, 4, &params));
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool TcpHasTls() {
  const ScopedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // On a socket without a peer the tls module, if there is one, says ENOTCONN.
  const int result = setsockopt(fd.get(), IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls"));
  return result == 0 || errno == ENOTCONN;
}

// The first completion of `op` says whether it stays armed.
bool StaysArmed(Ring& ring, const Op& op) {
  Completion storage[1];
  const Instant deadline = ring.Now() + kSecond;
  const auto completions = ring.Enter({&op, 1}, deadline, storage);
  if (completions.empty()) return false;
  const Completion& completion = completions[0];
  const bool lent = op.code == OpCode::kRecvMultishot && completion.result > 0;
  if (lent) ring.ReleaseBuffer(completion.buffer_id);
  if (op.code == OpCode::kAccept && completion.result >= 0) close(completion.result);
  return completion.result > 0 && completion.more;
}

bool MultishotRecvWorks(Ring& ring) {
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return false;
  const ScopedFd near(pair[0]);
  const ScopedFd far(pair[1]);
  if (write(far.get(), "x", 1) != 1) return false;
  return StaysArmed(ring, {.code = OpCode::kRecvMultishot, .fd = near.get(), .token = 1});
}

bool MultishotAcceptWorks(Ring& ring) {
  const absl::StatusOr<int> opened = ListenTcp("127.0.0.1", 0, {.backlog = 1});
  if (!opened.ok()) return false;
  const ScopedFd listener(*opened);
  const ScopedFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  socklen_t size_bytes = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(listener.get(), generic, &size_bytes) < 0) return false;
  if (connect(client.get(), generic, size_bytes) < 0) return false;
  return StaysArmed(ring, {.code = OpCode::kAccept, .fd = listener.get(), .token = 2});
}

bool NapiWorks(int ring_fd) {
  uint64_t settings[4] = {};  // struct io_uring_napi, which liburing 2.3 does not know.
  const auto result = syscall(__NR_io_uring_register, ring_fd, compat::kRegisterNapi, settings, 1);
  if (result < 0) return false;
  syscall(__NR_io_uring_register, ring_fd, compat::kUnregisterNapi, settings, 1);
  return true;
}

void ProbeOperations(KernelFeatures& features) {
  io_uring ring{};
  if (io_uring_queue_init(4, &ring, 0) < 0) return;
  features.registered_ring = io_uring_register_ring_fd(&ring) == 1;
  features.recv_send_bundle = (ring.features & compat::kFeatureRecvSendBundle) != 0;
  features.min_timeout = (ring.features & compat::kFeatureMinTimeout) != 0;
  features.no_iowait = (ring.features & compat::kFeatureNoIowait) != 0;
  features.napi = NapiWorks(ring.ring_fd);
  if (io_uring_probe* const probe = io_uring_get_probe_ring(&ring); probe != nullptr) {
    features.message_ring = io_uring_opcode_supported(probe, IORING_OP_MSG_RING) != 0;
    features.send_zero_copy = io_uring_opcode_supported(probe, IORING_OP_SEND_ZC) != 0;
    io_uring_free_probe(probe);
  }
  io_uring_queue_exit(&ring);
}

const char* BackendName(const KernelFeatures& features, IoBackend backend) {
  switch (backend) {
    case IoBackend::kEpoll:
      return "epoll (as asked for)";
    case IoBackend::kUring:
      return features.uring ? "io_uring (as asked for)" : "none: io_uring was asked for";
    case IoBackend::kAuto:
      return features.uring ? "io_uring" : "epoll (io_uring is not available)";
  }
  return "unknown";
}

}  // namespace

KernelFeatures ProbeKernel() {
  KernelFeatures features;
  features.kernel = KernelName();
  features.ktls = TcpHasTls();
  absl::StatusOr<std::unique_ptr<UringRing>> ring = UringRing::Create(kTinyRing);
  if (!ring.ok()) {
    features.uring_refusal = ExplainRefusal(ring.status());
    return features;
  }
  features.uring = true;
  features.buffer_ring = true;  // UringRing::Create() needs it.
  features.multishot_recv = MultishotRecvWorks(**ring);
  features.multishot_accept = MultishotAcceptWorks(**ring);
  features.single_issuer = SetupWorks(IORING_SETUP_SINGLE_ISSUER);
  features.defer_taskrun = SetupWorks(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
  features.coop_taskrun = SetupWorks(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
  features.submit_all = SetupWorks(IORING_SETUP_SUBMIT_ALL);
  ProbeOperations(features);
  return features;
}

absl::StatusOr<std::unique_ptr<Ring>> MakeRing(IoBackend backend, const UringOptions& options,
                                               std::string* notice) {
  RMQ_CHECK(notice != nullptr);
  notice->clear();
  if (backend != IoBackend::kEpoll) {
    absl::StatusOr<std::unique_ptr<UringRing>> ring = UringRing::Create(options);
    if (ring.ok()) return std::unique_ptr<Ring>(std::move(*ring));
    if (!absl::IsUnavailable(ring.status())) return ring.status();
    const std::string refusal = ExplainRefusal(ring.status());
    if (backend == IoBackend::kUring) return absl::UnavailableError(refusal);
    *notice = absl::StrCat("using epoll instead of io_uring: ", refusal);
  }
  absl::StatusOr<std::unique_ptr<EpollRing>> ring = EpollRing::Create(options);
  if (!ring.ok()) return ring.status();
  return std::unique_ptr<Ring>(std::move(*ring));
}

std::string DescribeFeatures(const KernelFeatures& features, IoBackend backend) {
  const std::pair<const char*, bool> rows[] = {
      {"io_uring", features.uring},
      {"single issuer", features.single_issuer},
      {"deferred task work", features.defer_taskrun},
      {"cooperative task work", features.coop_taskrun},
      {"submit all", features.submit_all},
      {"registered ring", features.registered_ring},
      {"buffer rings", features.buffer_ring},
      {"multishot accept", features.multishot_accept},
      {"multishot receive", features.multishot_recv},
      {"messages between rings", features.message_ring},
      {"zero-copy send", features.send_zero_copy},
      {"bundled receive (unused)", features.recv_send_bundle},
      {"minimum wait (unused)", features.min_timeout},
      {"wait without iowait", features.no_iowait},
      {"NAPI busy poll (unused)", features.napi},
      {"kernel TLS", features.ktls},
  };
  std::string text =
      absl::StrCat("kernel                        ", features.kernel,
                   "\nbackend                       ", BackendName(features, backend), "\n");
  for (const auto& [name, present] : rows) {
    const std::string padding(30 - std::strlen(name), ' ');
    absl::StrAppend(&text, name, padding, present ? "yes" : "no", "\n");
  }
  if (!features.uring_refusal.empty()) absl::StrAppend(&text, features.uring_refusal, "\n");
  return text;
}

}  // namespace ringmq::reactor
