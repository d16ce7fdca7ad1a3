// What reactor/ring.h promises, checked for every Ring over socket pairs: receiving, sending,
// cancelling, closing, deadlines.
//
// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/eventfd.h>

#include "reactor/ring_fixture.h"

namespace ringmq::reactor {
namespace {

INSTANTIATE_TEST_SUITE_P(Linux, RingTest, testing::Values(IoBackend::kUring, IoBackend::kEpoll),
                         BackendTestName);

TEST_P(RingTest, ReceivesOnceIntoAPoolBuffer) {
  const SocketPair pair;
  pair.Feed("hello");
  const auto seen = Collect({Recv(pair.near(), 7)}, 1);
  EXPECT_EQ(seen[0].token, 7u);
  EXPECT_FALSE(seen[0].more);
  EXPECT_EQ(Take(seen[0]), "hello");
  pair.Feed("again");
  EXPECT_TRUE(Poll().empty());  // Once is once.
}

TEST_P(RingTest, ReceivesWhatComesLaterThanTheOperation) {
  const SocketPair pair;
  EXPECT_TRUE(Poll({Recv(pair.near(), 1)}).empty());
  pair.Feed("late");
  EXPECT_EQ(Take(Collect({}, 1)[0]), "late");
}

TEST_P(RingTest, MultishotReceivesAgainAndAgainUntilTheEndOfTheStream) {
  SocketPair pair;
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 3)}).empty());
  for (const std::string_view text : {"one", "two", "three"}) {
    pair.Feed(text);
    const auto seen = Collect({}, 1);
    EXPECT_TRUE(seen[0].more);
    EXPECT_EQ(Take(seen[0]), text);
  }
  pair.CloseFar();
  const auto seen = Collect({}, 1);
  EXPECT_EQ(seen[0].result, 0);
  EXPECT_FALSE(seen[0].more);
}

TEST_P(RingTest, DeliversTheBytesInFrontOfAnEndOfStreamThatIsAlreadyThere) {
  SocketPair pair;
  pair.Feed("last words");
  pair.CloseFar();
  const auto seen = Collect({RecvMultishot(pair.near(), 3)}, 2);
  EXPECT_EQ(Take(seen[0]), "last words");
  EXPECT_EQ(seen[1].result, 0);
  EXPECT_FALSE(seen[1].more);
}

// The end of a stream costs the kernel a buffer; the ring must not lose it.
TEST_P(RingTest, EndsOfStreamDoNotDrainThePool) {
  MakeRing({.buffer_count = 2, .buffer_size_bytes = 4096});
  for (int i = 0; i < 16; ++i) {
    SocketPair pair;
    pair.CloseFar();
    EXPECT_EQ(Collect({RecvMultishot(pair.near(), 1)}, 1)[0].result, 0);
  }
}

TEST_P(RingTest, AnEmptyPoolEndsAMultishotAndItGoesOnAfterBuffersCameBack) {
  MakeRing({.buffer_count = 2, .buffer_size_bytes = 4096});
  const SocketPair pair;
  const std::string sent(3 * 4096, 'x');
  pair.Feed(sent);
  std::vector<Completion> lent = Collect({RecvMultishot(pair.near(), 1)}, 3);
  EXPECT_EQ(lent[2].result, -ENOBUFS);
  EXPECT_FALSE(lent[2].more);
  std::string got = Take(lent[0]) + Take(lent[1]);
  EXPECT_EQ(got.size(), 2u * 4096);
  got += Take(Collect({RecvMultishot(pair.near(), 1)}, 1)[0]);
  EXPECT_EQ(got, sent);
}

TEST_P(RingTest, BuffersGoRoundManyTimes) {
  MakeRing({.buffer_count = 4, .buffer_size_bytes = 4096});
  const SocketPair pair;
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 1)}).empty());
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    pair.Feed(text);
    ASSERT_EQ(Take(Collect({}, 1)[0]), text);
  }
}

TEST_P(RingTest, SendsManySlicesInOrder) {
  const SocketPair pair;
  const std::vector<std::string> words = {"alpha ", "beta ", "", "gamma ", "delta"};
  std::vector<iovec> slices;
  for (const std::string& word : words) slices.push_back(Slice(word));
  const auto seen = Collect({Send(pair.near(), 9, slices)}, 1);
  EXPECT_EQ(seen[0].token, 9u);
  EXPECT_EQ(seen[0].result, 22);
  char buffer[64];
  ASSERT_EQ(read(pair.far(), buffer, sizeof(buffer)), 22);
  EXPECT_EQ(std::string(buffer, 22), "alpha beta gamma delta");
}

TEST_P(RingTest, SendsMoreSlicesThanTheKernelTakesInPieces) {
  const SocketPair pair;
  const std::vector<iovec> slices(kSlicesMax + 500, Slice("x"));
  const auto seen = Collect({Send(pair.near(), 9, slices)}, 1);
  ASSERT_GT(seen[0].result, 0);
  EXPECT_LE(seen[0].result, static_cast<int>(kSlicesMax));
}

// Sends 8 MiB through a socket that holds far less, whatever the sizes of the partial sends.
TEST_P(RingTest, PartialSendsAddUpToTheWhole) {
  const SocketPair pair;
  std::string sent(8 << 20, '\0');
  for (size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 + (i >> 12));
  std::string got;
  size_t sent_bytes = 0;
  iovec slice = Slice(sent);
  std::vector<Op> ops = {RecvMultishot(pair.far(), 1), Send(pair.near(), 2, {&slice, 1})};
  const Instant deadline = ring_->Now() + 60 * kSecond;
  while (got.size() < sent.size() && ring_->Now() < deadline) {
    for (const Completion& completion : Turn(std::exchange(ops, {}), deadline, 16)) {
      if (completion.token == 1) {
        got += Take(completion);
        if (!completion.more) ops.push_back(RecvMultishot(pair.far(), 1));
        continue;
      }
      ASSERT_GT(completion.result, 0);
      sent_bytes += static_cast<size_t>(completion.result);
      slice = Slice(std::string_view(sent).substr(sent_bytes));
      if (slice.iov_len > 0) ops.push_back(Send(pair.near(), 2, {&slice, 1}));
    }
  }
  EXPECT_EQ(sent_bytes, sent.size());
  EXPECT_TRUE(got == sent);
}

// With a gather that has to wait, the ring alone remembers what the operation was.
TEST_P(RingTest, AGatherThatHasToWaitGoesOutWhenThereIsRoom) {
  const SocketPair pair;
  const std::string block(64 << 10, 'a');
  ASSERT_EQ(fcntl(pair.near(), F_SETFL, O_NONBLOCK), 0);
  size_t filled = 0;
  for (ssize_t n = 0; (n = write(pair.near(), block.data(), block.size())) > 0;) {
    filled += static_cast<size_t>(n);
  }
  ASSERT_EQ(fcntl(pair.near(), F_SETFL, 0), 0);
  const std::vector<iovec> slices = {Slice("tail "), Slice("end")};
  EXPECT_TRUE(Poll({Send(pair.near(), 5, slices)}).empty());
  std::string drained(filled, '\0');
  ASSERT_EQ(recv(pair.far(), drained.data(), filled, MSG_WAITALL), static_cast<ssize_t>(filled));
  EXPECT_EQ(Collect({}, 1)[0].result, 8);
  char rest[16];
  ASSERT_EQ(read(pair.far(), rest, sizeof(rest)), 8);
  EXPECT_EQ(std::string(rest, 8), "tail end");
}

TEST_P(RingTest, SendingToAPeerThatHasGoneFailsWithoutASignal) {
  SocketPair pair;
  pair.CloseFar();
  const iovec slice = Slice("anybody?");
  EXPECT_EQ(Collect({Send(pair.near(), 1, {&slice, 1})}, 1)[0].result, -EPIPE);
}

TEST_P(RingTest, CancelHastensACompletionAndSwallowsNone) {
  const SocketPair pair;
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 1)}).empty());
  const auto seen = Collect({Cancel(1, 2)}, 2);
  EXPECT_EQ(Find(seen, 1).result, -ECANCELED);
  EXPECT_FALSE(Find(seen, 1).more);
  EXPECT_EQ(Find(seen, 2).result, 0);
  pair.Feed("nobody listens");
  EXPECT_TRUE(Poll().empty());
}

TEST_P(RingTest, CancelOfASendThatWaitsCompletesIt) {
  const SocketPair pair;
  const std::string sent(8 << 20, 'x');
  const iovec slice = Slice(sent);
  ASSERT_GT(Collect({Send(pair.near(), 1, {&slice, 1})}, 1)[0].result, 0);
  EXPECT_TRUE(Poll({Send(pair.near(), 1, {&slice, 1})}).empty());
  EXPECT_EQ(Find(Collect({Cancel(1, 2)}, 2), 1).result, -ECANCELED);
}

TEST_P(RingTest, CancelOfAStaleTokenSaysSo) {
  const SocketPair pair;
  pair.Feed("x");
  Take(Collect({Recv(pair.near(), 1)}, 1)[0]);
  EXPECT_EQ(Collect({Cancel(1, 2)}, 1)[0].result, -ENOENT);
  EXPECT_EQ(Collect({Cancel(77, 3)}, 1)[0].result, -ENOENT);
}

TEST_P(RingTest, ArmsAndCancelsInOneTurn) {
  const SocketPair pair;
  const auto seen = Collect({RecvMultishot(pair.near(), 1), Cancel(1, 2)}, 2);
  EXPECT_EQ(Find(seen, 1).result, -ECANCELED);
  EXPECT_EQ(Find(seen, 2).result, 0);
}

// The order in which a caller closes: cancel, count, close. Then the peer sees the end at once.
TEST_P(RingTest, ClosesAfterTheLastCompletion) {
  SocketPair pair;
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 1)}).empty());
  Collect({Cancel(1, 2)}, 2);
  EXPECT_EQ(Collect({Close(pair.near(), 3)}, 1)[0].result, 0);
  char byte = 0;
  EXPECT_EQ(read(pair.far(), &byte, 1), 0);
  EXPECT_EQ(fcntl(pair.near(), F_GETFD), -1);
  pair.ForgetNear();
}

// A new socket with the old number has nothing to do with what the old one was up to.
TEST_P(RingTest, ADescriptorNumberThatComesBackStartsAfresh) {
  for (uint64_t round = 0; round < 50; ++round) {
    SocketPair pair;
    EXPECT_TRUE(Poll({RecvMultishot(pair.near(), round * 10)}).empty());
    pair.Feed("x");
    const auto seen = Collect({}, 1);
    EXPECT_EQ(seen[0].token, round * 10);
    Take(seen[0]);
    Collect({Cancel(round * 10, round * 10 + 1)}, 2);
    Collect({Close(pair.near(), round * 10 + 2)}, 1);
    pair.ForgetNear();
  }
}

TEST_P(RingTest, WhatDoesNotFitIntoTheStorageComesNextTime) {
  constexpr size_t kPairs = 20;
  std::vector<std::unique_ptr<SocketPair>> pairs;
  std::vector<Op> ops;
  for (size_t i = 0; i < kPairs; ++i) {
    pairs.push_back(std::make_unique<SocketPair>());
    pairs.back()->Feed(std::to_string(i));
    ops.push_back(Recv(pairs.back()->near(), i));
  }
  const auto seen = Collect(std::move(ops), kPairs, 3);
  for (size_t i = 0; i < kPairs; ++i) EXPECT_EQ(Take(Find(seen, i)), std::to_string(i));
}

TEST_P(RingTest, TakesMoreOperationsThanTheSubmissionQueueHolds) {
  MakeRing({.sq_entries = 4, .cq_entries = 8});
  const SocketPair pair;
  const iovec slice = Slice("x");
  std::vector<Op> ops;
  for (uint64_t i = 0; i < 100; ++i) ops.push_back(Send(pair.near(), i, {&slice, 1}));
  const auto seen = Collect(std::move(ops), 100);
  for (const Completion& completion : seen) EXPECT_EQ(completion.result, 1);
}

TEST_P(RingTest, APollEndsAtOnceAndADeadlineIsNeverEarly) {
  EXPECT_TRUE(Poll().empty());
  for (const Duration wait : {300 * kMicrosecond, 5 * kMillisecond}) {
    const Instant deadline = ring_->Now() + wait;
    EXPECT_TRUE(Turn({}, deadline).empty());
    EXPECT_GE(ring_->Now(), deadline);
  }
}

TEST_P(RingTest, PollsADescriptorOnce) {
  const int fd = eventfd(0, EFD_CLOEXEC);
  EXPECT_TRUE(Poll({{.code = OpCode::kPoll, .fd = fd, .token = 4}}).empty());
  const uint64_t one = 1;
  ASSERT_EQ(write(fd, &one, sizeof(one)), 8);
  const auto seen = Collect({}, 1);
  EXPECT_EQ(seen[0].token, 4u);
  EXPECT_FALSE(seen[0].more);
  EXPECT_NE(seen[0].result & POLLIN, 0);
  EXPECT_TRUE(Poll().empty());
  close(fd);
}

TEST_P(RingTest, ABadDescriptorIsAnErrorAndNotACrash) {
  const iovec slice = Slice("x");
  EXPECT_EQ(Collect({Recv(999'999, 1)}, 1)[0].result, -EBADF);
  EXPECT_EQ(Collect({RecvMultishot(-1, 1)}, 1)[0].result, -EBADF);
  EXPECT_EQ(Collect({Send(-1, 1, {&slice, 1})}, 1)[0].result, -EBADF);
  EXPECT_EQ(Collect({Close(-1, 1)}, 1)[0].result, -EBADF);
}

TEST_P(RingTest, ThePollDescriptorIsReadableWhenATurnWouldGiveSomething) {
  const SocketPair pair;
  pollfd watched = {.fd = ring_->PollDescriptor(), .events = POLLIN, .revents = 0};
  ASSERT_GE(watched.fd, 0);
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 1)}).empty());
  EXPECT_EQ(poll(&watched, 1, 0), 0);
  pair.Feed("x");
  EXPECT_EQ(poll(&watched, 1, 10'000), 1);
  Take(Collect({}, 1)[0]);
  EXPECT_EQ(poll(&watched, 1, 0), 0);
  ring_->Wake();
  EXPECT_EQ(poll(&watched, 1, 10'000), 1);
}

TEST_P(RingTest, DiesWithOperationsInFlight) {
  const SocketPair pair;
  EXPECT_TRUE(Poll({RecvMultishot(pair.near(), 1)}).empty());
  ring_.reset();
  pair.Feed("too late");
}

}  // namespace
}  // namespace ringmq::reactor
