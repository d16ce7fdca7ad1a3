// Goal: checking rights allocates nothing, since it happens for each message. Method: this
// program's operator new counts.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "broker/acl.h"
#include "broker/acl_file.h"

namespace {
std::atomic<uint64_t> allocation_count = 0;
}  // namespace

#ifndef RINGMQ_SANITIZED  // The sanitizers bring their own.
void* operator new(size_t size) {
  ++allocation_count;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace ringmq::broker {
namespace {

TEST(AccessPolicyAllocation, ChecksAllocateNothing) {
  const auto policy =
      ParseAclFile("acl",
                   "topic read a/#\nuser somebody with a long name\ntopic deny b/+/c\ntopic b/#\n"
                   "pattern write devices/%c/%u/#\npattern deny devices/%c/secret\n");
  ASSERT_TRUE(policy.ok());
  const Identity who = {.client_id = "a client id that is longer than a small string",
                        .username = "somebody with a long name"};
  const std::string topic =
      "devices/a client id that is longer than a small string/"
      "somebody with a long name/temperature";
  const uint64_t before = allocation_count;
  EXPECT_TRUE(policy->MayPublish(who, topic));
  EXPECT_FALSE(policy->MayReceive(who, topic));
  EXPECT_TRUE(policy->MaySubscribe(who, "$share/group/b/#"));
  EXPECT_FALSE(policy->MayReceive(who, "b/x/c"));
  EXPECT_EQ(allocation_count, before);
#ifndef RINGMQ_SANITIZED
  EXPECT_GT(before, 0u) << "operator new does not count";
#endif
}

}  // namespace
}  // namespace ringmq::broker
