// SPDX-License-Identifier: Apache-2.0
#include "reactor/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmq::reactor {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Features, ARefusalIsExplainedExactlyWhenThereIsOne) {
  const KernelFeatures features = ProbeKernel();
  EXPECT_THAT(features.kernel, HasSubstr("Linux"));
  EXPECT_EQ(features.uring, features.uring_refusal.empty());
  if (!features.uring) GTEST_SKIP() << features.uring_refusal;
  // Kernel 6.1, our minimum, has these.
  EXPECT_TRUE(features.defer_taskrun);
  EXPECT_TRUE(features.multishot_accept);
  EXPECT_TRUE(features.multishot_recv);
  EXPECT_TRUE(features.buffer_ring);
  EXPECT_TRUE(features.message_ring);
}

TEST(Features, TheDescriptionNamesKernelBackendAndEachFeature) {
  KernelFeatures features = ProbeKernel();
  features.uring = false;
  features.uring_refusal = "io_uring is not available: because.";
  const std::string text = DescribeFeatures(features, IoBackend::kAuto);
  EXPECT_THAT(text, HasSubstr(features.kernel));
  EXPECT_THAT(text, HasSubstr("epoll (io_uring is not available)"));
  EXPECT_THAT(text, HasSubstr("kernel TLS"));
  EXPECT_THAT(text, HasSubstr("because."));
}

TEST(Features, AutoAlwaysGivesARing) {
  std::string notice = "old";
  const absl::StatusOr<std::unique_ptr<Ring>> ring = MakeRing(IoBackend::kAuto, {}, &notice);
  ASSERT_TRUE(ring.ok());
  if (ProbeKernel().uring) {
    EXPECT_THAT(notice, IsEmpty());
  } else {
    EXPECT_THAT(notice, HasSubstr("using epoll instead of io_uring"));
  }
}

TEST(Features, EpollIsThereEverywhere) {
  std::string notice;
  EXPECT_TRUE(MakeRing(IoBackend::kEpoll, {}, &notice).ok());
  EXPECT_THAT(notice, IsEmpty());
}

}  // namespace
}  // namespace ringmq::reactor
