// After warm-up a session takes nothing from the allocator: not for a message to the client, nor
// for the client's own, at any QoS. Only keeping the message costs a block, once for all receivers,
// which is codec's (tests/broker/allocation_test.cc counts it).
//
// Method: one message that is kept already goes through a whole flow again and again.
//
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "session/session.h"
#include "support/counting_allocator.h"

namespace ringmq::session {
namespace {

// Has room for one packet and forgets it.
class ForgetfulSink final : public codec::FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    EXPECT_LE(size_bytes, room_.size());
    return room_.data();
  }
  void AppendPayload(const codec::MessageRef&) override {}
  [[nodiscard]] size_t pending_bytes() const override { return 0; }

 private:
  std::array<uint8_t, 256> room_{};
};

class SessionAllocations : public testing::Test {
 protected:
  SessionAllocations() {
    link_.version = ProtocolVersion::kV5;
    link_.sink = &sink_;
    link_.scratch = &scratch_;
    (void)publication_.Keep();
  }

  static codec::MessageContent Content() {
    codec::MessageContent content;
    content.topic = "t";
    content.qos = Qos::kExactlyOnce;
    return content;
  }

  codec::PacketId Deliver(Qos qos) {
    EXPECT_EQ(session_.Deliver(publication_, {.qos = qos}, {}, &link_), Delivered::kSent);
    next_id_ = static_cast<codec::PacketId>(next_id_ % 65'535 + 1);
    return next_id_;
  }
  void Acknowledge(codec::PacketId id, Qos qos) {
    if (qos == Qos::kAtLeastOnce) {
      EXPECT_EQ(session_.OnPuback(id, ReasonCode::kSuccess, {}, link_), Verdict::kContinue);
      return;
    }
    EXPECT_EQ(session_.OnPubrec(id, ReasonCode::kSuccess, {}, link_), Verdict::kContinue);
    EXPECT_EQ(session_.OnPubcomp(id, ReasonCode::kSuccess, {}, link_), Verdict::kContinue);
  }
  // Thirty-two in flight at a time.
  void Outward(Qos qos) {
    std::array<codec::PacketId, 32> ids{};
    for (codec::PacketId& id : ids) id = Deliver(qos);
    for (const codec::PacketId id : ids) Acknowledge(id, qos);
  }
  void Inward(Qos qos) {
    for (codec::PacketId id = 1; id <= 32; ++id) {
      EXPECT_EQ(session_.OnPublish(id, qos, link_), Arrival::kNew);
      session_.Accept(id, qos, ReasonCode::kSuccess, link_);
    }
    if (qos != Qos::kExactlyOnce) return;
    for (codec::PacketId id = 1; id <= 32; ++id) session_.OnPubrel(id, link_);
  }

  const SessionLimits limits_;
  ForgetfulSink sink_;
  codec::PublicationScratch scratch_;
  codec::PublicationScratch own_scratch_;
  codec::Publication publication_{Content(), Instant{}, own_scratch_};
  Link link_;
  Session session_{limits_};
  codec::PacketId next_id_ = 0;
};

TEST_F(SessionAllocations, NoFlowTakesAnythingAfterWarmUp) {
  for (const Qos qos : {Qos::kAtLeastOnce, Qos::kExactlyOnce}) {
    Outward(qos);
    Inward(qos);
    const uint64_t before = support::AllocationCount();
    for (int round = 0; round < 5'000; ++round) {
      Outward(qos);
      Inward(qos);
    }
    EXPECT_EQ(support::AllocationCount() - before, 0u) << static_cast<int>(qos);
  }
}

TEST_F(SessionAllocations, AnEmptySessionOwnsNothing) {
  static_assert(sizeof(Session) <= 32);
  const uint64_t before = support::AllocationCount();
  const Session empty(limits_);
  EXPECT_EQ(support::AllocationCount() - before, 0u);
}

}  // namespace
}  // namespace ringmq::session
