// What a server can make the client allocate.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/input.h"
#include "client/text.h"
#include "codec/limits.h"
#include "support/counting_allocator.h"

namespace ringmq::client {
namespace {

// A header that claims 200 MiB costs what has come of them, and twice that at most.
TEST(ClientMemory, FollowsWhatArrivesAndNotWhatAHeaderClaims) {
  constexpr int64_t kSlackBytes = 128 << 10;
  Input input(codec::kPacketSizeBytesMax, ProtocolVersion::kV5);
  const int64_t before_bytes = support::LiveBytes();
  const std::vector<uint8_t> head = {0x30, 0x80, 0x80, 0x80, 0x64};
  input.Give(head);
  EXPECT_EQ(input.Next().status, Input::Status::kNeedMore);
  EXPECT_LT(support::LiveBytes() - before_bytes, kSlackBytes);
  const std::vector<uint8_t> piece(100'000, 'x');
  int64_t arrived_bytes = 0;
  for (int i = 0; i < 50; ++i) {
    input.Give(piece);
    EXPECT_EQ(input.Next().status, Input::Status::kNeedMore);
    arrived_bytes += static_cast<int64_t>(piece.size());
    ASSERT_LT(support::LiveBytes() - before_bytes, 2 * arrived_bytes + kSlackBytes) << i;
  }
  input.Reset();
  EXPECT_LT(support::LiveBytes() - before_bytes, kSlackBytes);
}

}  // namespace
}  // namespace ringmq::client
