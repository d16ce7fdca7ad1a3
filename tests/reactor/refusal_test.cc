// What MakeRing() does where io_uring is forbidden, and where descriptors ran out.
//
// Method: the sandbox is made in a child process (a death test), because a seccomp filter can
// never be taken off again.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>

#include "reactor/features.h"

namespace ringmq::reactor {
namespace {

// As containers do it: io_uring_setup fails with `error`, all else goes through.
bool ForbidUring(int error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {.len = std::size(program), .filter = program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Says on standard error what came of it, and ends the child.
[[noreturn]] void Tell(const absl::Status& status, const std::string& notice) {
  std::cerr << status << "; notice '" << notice << "'\n";
  std::_Exit(0);
}

[[noreturn]] void MakeRingWithoutUring(int error, IoBackend backend) {
  if (!ForbidUring(error)) std::_Exit(1);
  std::string notice;
  const absl::Status status = MakeRing(backend, {}, &notice).status();
  Tell(status, notice);
}

// The limit is lifted again before anything is printed: sanitizers want a descriptor for that.
[[noreturn]] void MakeRingWithoutDescriptors(IoBackend backend) {
  rlimit before{};
  if (getrlimit(RLIMIT_NOFILE, &before) < 0) std::_Exit(1);
  const rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &none) < 0) std::_Exit(1);
  std::string notice;
  const absl::Status status = MakeRing(backend, {}, &notice).status();
  if (setrlimit(RLIMIT_NOFILE, &before) < 0) std::_Exit(1);
  Tell(status, notice);
}

class RefusalDeathTest : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Linux, RefusalDeathTest,
                         testing::Values(EPERM, ENOSYS, EOPNOTSUPP, EINVAL));

// The sysctl, where it is set, is the cause that is named; elsewhere it is the filter.
TEST_P(RefusalDeathTest, AutoFallsBackToEpollAndNamesCauseAndCure) {
  EXPECT_EXIT(MakeRingWithoutUring(GetParam(), IoBackend::kAuto), testing::ExitedWithCode(0),
              "OK; notice 'using epoll instead of io_uring: .*"
              "(seccomp profile|kernel.io_uring_disabled=0)'");
}

TEST_P(RefusalDeathTest, AskedForUringItSaysWhyNot) {
  EXPECT_EXIT(MakeRingWithoutUring(GetParam(), IoBackend::kUring), testing::ExitedWithCode(0),
              "UNAVAILABLE: io_uring is not available .*; notice ''");
}

// A ring that is missing for want of memory or descriptors is no reason to run on another one:
// the operator must hear of the limit.
TEST(ExhaustionDeathTest, WithoutDescriptorsNoBackendIsTakenInstead) {
  if (!ProbeKernel().uring) GTEST_SKIP() << "this machine has no io_uring";
  EXPECT_EXIT(MakeRingWithoutDescriptors(IoBackend::kAuto), testing::ExitedWithCode(0),
              "RESOURCE_EXHAUSTED: .*; notice ''");
}

TEST(ExhaustionDeathTest, EpollWithoutDescriptorsIsAnError) {
  EXPECT_EXIT(MakeRingWithoutDescriptors(IoBackend::kEpoll), testing::ExitedWithCode(0),
              "RESOURCE_EXHAUSTED: .*; notice ''");
}

}  // namespace
}  // namespace ringmq::reactor
