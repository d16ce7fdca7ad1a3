// The event loop on real sockets: what only a kernel can show.
//
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>

#include <unistd.h>

#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "peer.h"
#include "reactor/clock.h"
#include "ringmq/runner.h"

namespace ringmq::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience(20);

// A loop and its peer in one thread.
struct Bench {
  explicit Bench(Options options) : pair(*MakeClient(std::move(options))) {}

  [[nodiscard]] Client& client() { return pair.first; }
  [[nodiscard]] EventLoop& loop() { return *(&pair.second); }

  // Polls and pumps until `done`; false when it takes too long.
  bool Until(Peer& peer, const std::function<bool()>& done) {
    const auto deadline = Deadline();
    while (!done()) {
      if (Passed(deadline)) return false;
      peer.Pump();
      Poll();
    }
    return true;
  }
  void Poll() {
    auto batch = loop().Poll(milliseconds(1));
    if (!batch.ok()) {
      end = batch.error();
      return;
    }
    for (Event& event : *batch) {
      names.emplace_back(NameOf(event));
      if (const auto* lost = event.get<Disconnected>()) causes.push_back(lost->cause);
      connected = event.get<Connected>() != nullptr || (connected && !event.get<Disconnected>());
      if (on_event) on_event(event);
    }
  }
  [[nodiscard]] int64_t Count(std::string_view name) const {
    return std::count(names.begin(), names.end(), name);
  }
  static timespec Deadline() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    now.tv_sec += kPatience.count();
    return now;
  }
  static bool Passed(const timespec& deadline) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline.tv_sec;
  }

  ClientPair pair;
  std::vector<std::string> names;
  std::vector<Error> causes;
  std::function<void(Event&)> on_event;
  std::optional<Error> end;
  bool connected = false;
};

TEST(ClientLoop, KeepsItsDescriptorOverAHundredReconnects) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  const int descriptor = bench.loop().descriptor();
  ASSERT_GE(descriptor, 0);
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(bench.Until(peer, [&] { return bench.connected && peer.connections == i; })) << i;
    peer.Drop();
    ASSERT_TRUE(bench.Until(peer, [&] { return bench.Count("disconnected") == i; }));
  }
  EXPECT_EQ(bench.loop().descriptor(), descriptor);
}

TEST(ClientLoop, WorksWithDescriptorsAbove1023) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<int> filler;
  while (filler.empty() || filler.back() < 1100) {
    filler.push_back(dup(STDERR_FILENO));
    if (filler.back() < 0) {
      GTEST_SKIP() << "the descriptor limit is " << limit.rlim_cur;
    }
  }
  {
    Peer peer;
    Bench bench(peer.OptionsForIt());
    EXPECT_GT(bench.loop().descriptor(), 1023);
    const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
    EXPECT_TRUE(bench.Until(peer, [&] { return handle.done(); }));
    EXPECT_TRUE(handle.Poll()->ok());
  }
  for (const int fd : filler) close(fd);
}

// Whoever publishes inside the loop with a full queue hears so at once, and later that there is
// room again.
TEST(ClientLoop, SaysWouldBlockInsideTheLoopAndWritableLater) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.outbound.messages = 10;
  Bench bench(std::move(options));
  int refused = 0;
  int taken = 0;
  bench.on_event = [&](Event& event) {
    if (event.get<Connected>() == nullptr && event.get<Writable>() == nullptr) return;
    while (taken < 1000) {
      const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
      const auto delivery = handle.Poll();
      if (delivery.has_value() && delivery->outcome == Outcome::kWouldBlock) {
        ++refused;
        return;
      }
      ++taken;
    }
  };
  EXPECT_TRUE(bench.Until(peer, [&] { return peer.publishes == 1000; }));
  EXPECT_GT(refused, 0);
  EXPECT_GT(bench.Count("writable"), 0);
  const auto blocked = [&] {
    while (!bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce}).done()) {
    }
    return bench.client().PublishUntil(steady_clock::time_point::max(), "a", "x");
  }();
  ASSERT_FALSE(blocked.ok());
  EXPECT_EQ(blocked.error().code(), Errc::kDeadlock);
}

TEST(ClientLoop, SendsAgainAfterTheServerDied) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.session_expiry_s = 60;
  Bench bench(std::move(options));
  peer.acknowledges = false;
  const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
  int calls = 0;
  handle.OnComplete([&](const Delivery&) { ++calls; });
  ASSERT_TRUE(bench.Until(peer, [&] { return peer.publishes == 1; }));
  peer.Drop();
  peer.acknowledges = true;
  ASSERT_TRUE(bench.Until(peer, [&] { return handle.done(); }));
  EXPECT_EQ(peer.publishes, 2);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(handle.Poll()->ok());
}

TEST(ClientLoop, DrainsBeforeItDisconnects) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  for (int i = 0; i < 10'000; ++i) {
    bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
  }
  const auto leaving = bench.client().Disconnect({.drain_for = std::chrono::minutes(1)});
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(peer.publishes, 10'000);
  EXPECT_EQ(peer.disconnects, 1);
  EXPECT_EQ(leaving.Poll()->outcome, Outcome::kWritten);
  EXPECT_EQ(bench.end->code(), Errc::kStopped);
  EXPECT_EQ(bench.names.back(), "stopped");
  EXPECT_EQ(bench.client().Publish("a", "x").Poll()->outcome, Outcome::kShutdown);
}

TEST(ClientLoop, ResolvesHandlesWhenItIsDestroyed) {
  Peer peer;
  PublishHandle sent;
  PublishHandle unsent;
  std::optional<Client> survivor;
  {
    Bench bench(peer.OptionsForIt());
    peer.acknowledges = false;
    sent = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
    ASSERT_TRUE(bench.Until(peer, [&] { return peer.publishes == 1; }));
    unsent = bench.client().Publish("a", "y", {.qos = Qos::kAtLeastOnce});
    survivor = bench.client();
  }
  EXPECT_EQ(sent.Poll()->outcome, Outcome::kShutdown);
  EXPECT_EQ(unsent.Poll()->outcome, Outcome::kShutdown);
  EXPECT_EQ(survivor->Publish("a", "z").Poll()->outcome, Outcome::kShutdown);
  EXPECT_EQ(survivor->Subscribe("a").Poll()->outcome, Outcome::kShutdown);
}

TEST(ClientLoop, RunsOnWithoutAnyClient) {
  Peer peer;
  auto made = MakeClient(peer.OptionsForIt());
  ASSERT_TRUE(made.ok());
  std::optional<EventLoop> loop(std::move(made->second));
  { const Client last = std::move(made->first); }
  int connected = 0;
  const timespec deadline = Bench::Deadline();
  while (connected == 0 && !Bench::Passed(deadline)) {
    peer.Pump();
    auto batch = loop->Poll(milliseconds(1));
    ASSERT_TRUE(batch.ok());
    for (const Event& event : *batch) connected += event.get<Connected>() != nullptr ? 1 : 0;
  }
  EXPECT_EQ(connected, 1);
}

TEST(ClientLoop, EndsWhenItsAttemptsAreUsedUp) {
  uint16_t port = 0;
  { port = Peer().port(); }  // Nobody listens there any more.
  Options options;
  options.io = EngineUnderTest();
  options.servers = {{.host = "127.0.0.1", .port = port}};
  options.backoff = {.first = milliseconds(1), .cap = milliseconds(1), .attempts_max = 3};
  Bench bench(std::move(options));
  Peer nobody;
  ASSERT_TRUE(bench.Until(nobody, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(bench.Count("connecting"), 3);
  EXPECT_EQ(bench.end->code(), Errc::kConnectFailed);
  EXPECT_EQ(bench.end->system_errno(), ECONNREFUSED);
  EXPECT_THAT(Describe(*bench.end), HasSubstr("127.0.0.1"));
}

TEST(ClientLoop, GoesOnToTheNextServer) {
  uint16_t dead = 0;
  { dead = Peer().port(); }
  Peer peer;
  Options options = peer.OptionsForIt();
  options.servers.insert(options.servers.begin(), {.host = "127.0.0.1", .port = dead});
  Bench bench(std::move(options));
  EXPECT_TRUE(bench.Until(peer, [&] { return bench.connected; }));
  EXPECT_EQ(bench.Count("connecting"), 2);
}

TEST(ClientLoop, NeverSpeaksPlainWhereTlsWasAskedFor) {
  Peer peer;
  Options options = peer.OptionsForIt();
  // Only the hook asks for it, so nobody has read this before.
  options.tls.ca_file = "/no-such-file.pem";
  options.on_attempt = [](Attempt& attempt) { attempt.endpoint.transport = Transport::kTls; };
  Bench bench(std::move(options));
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(bench.end->code(), Errc::kInvalidArgument);
  EXPECT_EQ(peer.connections, 0);
}

TEST(ClientLoop, TakesFreshCredentialsForEachAttempt) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.has_username = true;
  options.username = "first";
  uint32_t attempts = 0;
  options.on_attempt = [&](Attempt& attempt) {
    attempt.username = "user" + std::to_string(attempts++);
  };
  Bench bench(std::move(options));
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(bench.Until(peer, [&] { return bench.connected && peer.connections == i; }));
    EXPECT_EQ(peer.username, "user" + std::to_string(i - 1));
    peer.Drop();
    ASSERT_TRUE(bench.Until(peer, [&] { return bench.Count("disconnected") == i; }));
  }
}

TEST(ClientLoop, ReconnectsWhenAsked) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.backoff = {.first = std::chrono::hours(10), .cap = std::chrono::hours(10)};
  Bench bench(std::move(options));
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.connected; }));
  bench.client().Reconnect();
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.Count("disconnected") == 1; }));
  bench.client().Reconnect();  // It would wait for hours otherwise.
  ASSERT_TRUE(bench.Until(peer, [&] { return peer.connections == 2 && bench.connected; }));
}

TEST(ClientLoop, ResolvesNames) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.servers.front().host = "localhost";
  Bench bench(std::move(options));
  EXPECT_TRUE(bench.Until(peer, [&] { return bench.connected; }));
  Options nowhere = peer.OptionsForIt();
  nowhere.servers.front().host = "no-such-host.invalid";
  nowhere.backoff.attempts_max = 1;
  Bench lost(std::move(nowhere));
  EXPECT_TRUE(lost.Until(peer, [&] { return lost.end.has_value(); }));
  EXPECT_EQ(lost.end->code(), Errc::kResolveFailed);
  EXPECT_THAT(lost.end->detail(), HasSubstr("no-such-host.invalid"));
}

TEST(ClientLoop, TimesOutAServerThatSaysNothing) {
  Peer peer;
  peer.reads = false;
  Options options = peer.OptionsForIt();
  options.connect_timeout = milliseconds(30);
  options.backoff.attempts_max = 1;
  Bench bench(std::move(options));
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(bench.end->code(), Errc::kConnectTimedOut);
}

// A goodbye to such a server would take two seconds each time, whatever retry_in says.
TEST(ClientLoop, TriesAgainWhenItSaysAlsoWhereTheServerSaysNothing) {
  Peer peer;
  peer.reads = false;
  Options options = peer.OptionsForIt();
  options.connect_timeout = milliseconds(30);
  Bench bench(std::move(options));
  milliseconds announced{0};
  bench.on_event = [&](Event& event) {
    if (const auto* lost = event.get<Disconnected>()) announced += *lost->retry_in;
  };
  const auto begin = steady_clock::now();
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.Count("connecting") == 4; }));
  EXPECT_LE(announced, milliseconds(6));
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(ClientLoop, RefusesAHostThatAHookMadeUp) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.on_attempt = [](Attempt& attempt) { attempt.endpoint.host = "a\r\nEvil: 1"; };
  Bench bench(std::move(options));
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(bench.end->code(), Errc::kInvalidArgument);
  EXPECT_EQ(peer.connections, 0);
}

TEST(ClientLoop, GoesThroughAnHttpProxy) {
  Peer proxy;
  proxy.raw_expected = "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n\r\n";
  proxy.raw_answer = "HTTP/1.1 200 OK\r\n\r\n";
  Options options;
  options.io = EngineUnderTest();
  options.servers = {{.host = "broker"}};
  options.proxy = {.kind = ProxyKind::kHttpConnect, .host = "127.0.0.1", .port = proxy.port()};
  Bench bench(std::move(options));
  const auto handle = bench.client().Publish("a", "x");
  EXPECT_TRUE(bench.Until(proxy, [&] { return handle.done(); }));
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kWritten);
}

TEST(ClientLoop, CarriesLargeMessagesBothWays) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  const std::string payload(3'000'000, 'x');
  const SharedBytes shared = SharedBytes::Copy(payload);
  OwnedMessage owned;
  bool same_block = false;
  bench.on_event = [&](Event& event) {
    const Message* const message = event.get<Message>();
    if (message == nullptr) return;
    owned = message->Own();
    same_block = owned.payload.view().data() == message->payload().data();
  };
  const auto handle = bench.client().Publish("a", shared, {.qos = Qos::kAtLeastOnce});
  ASSERT_TRUE(bench.Until(peer, [&] { return handle.done(); }));
  EXPECT_TRUE(handle.Poll()->ok());
  codec::Publish publish;
  publish.topic = "b";
  publish.payload = AsBytes(payload);
  std::vector<uint8_t> bytes(codec::EncodedSizeBytes(publish, ProtocolVersion::kV5));
  codec::Encode(publish, ProtocolVersion::kV5, bytes);
  size_t sent = 0;
  ASSERT_TRUE(bench.Until(peer, [&] {
    sent += peer.TrySend(AsText(bytes).substr(sent));
    return !owned.payload.empty();
  }));
  EXPECT_EQ(owned.payload.view(), payload);
  EXPECT_TRUE(same_block);  // It had a block of its own, which is now shared.
}

// A server of 3.1.1, which cannot know the client's limit, and a message above it.
struct TooLarge {
  TooLarge() {
    peer.version = ProtocolVersion::kV311;
    publish.topic = "large";
    publish.payload = AsBytes(payload);
    publish.qos = Qos::kAtLeastOnce;
    publish.packet_id = 1;
    peer.kept = publish;
  }
  [[nodiscard]] Options OptionsForIt() const {
    Options options = peer.OptionsForIt();
    options.version = ProtocolVersion::kV311;
    options.client_id = "a";
    options.session = SessionStart::kResume;
    options.incoming_packet_bytes_max = 1000;
    return options;
  }

  const std::string payload = std::string(2000, 'x');
  codec::Publish publish;
  Peer peer;
};

TEST(ClientLoop, EndsWhenTheServerSendsAgainWhatIsTooLarge) {
  TooLarge scene;
  Bench bench(scene.OptionsForIt());
  ASSERT_TRUE(bench.Until(scene.peer, [&] { return bench.end.has_value(); }));
  EXPECT_EQ(scene.peer.connections, 2);
  ASSERT_EQ(bench.causes.size(), 2u);
  for (const Error& cause : bench.causes) {
    EXPECT_EQ(cause.code(), Errc::kPacketTooLarge);
    EXPECT_THAT(cause.detail(), HasSubstr("a PUBLISH of 2012 bytes; the limit is 1000"));
    EXPECT_FALSE(cause.is_transient());
  }
  EXPECT_EQ(bench.end->code(), Errc::kPacketTooLarge);
  EXPECT_EQ(bench.names.back(), "stopped");
}

TEST(ClientLoop, ComesBackAfterOnePassingMessageThatIsTooLarge) {
  TooLarge scene;
  Bench bench(scene.OptionsForIt());
  ASSERT_TRUE(bench.Until(scene.peer, [&] {
    if (scene.peer.connections > 0 && bench.Count("disconnected") > 0) scene.peer.kept.reset();
    return bench.connected && scene.peer.connections == 2;
  }));
  const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
  ASSERT_TRUE(bench.Until(scene.peer, [&] { return handle.done(); }));
  EXPECT_TRUE(handle.Poll()->ok());
}

TEST(ClientLoop, SpeaksOverUnixSockets) {
  // An abstract name leaves nothing behind.
  const std::string name = "@ringmq-test-" + std::to_string(getpid());
  Peer peer(*UnixAddress(name));
  Options options;
  options.io = EngineUnderTest();
  options.servers = {{.transport = Transport::kUnix, .host = name}};
  Bench bench(std::move(options));
  const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
  EXPECT_TRUE(bench.Until(peer, [&] { return handle.done(); }));
  EXPECT_TRUE(handle.Poll()->ok());
}

// Events come a few at a time, the owner is slow, and still the server hears from us.
TEST(ClientLoop, PingsThoughItsOwnerIsSlow) {
  Peer peer;
  Options options = peer.OptionsForIt();
  options.keep_alive_s = 1;
  options.batch_events_max = 1;
  Bench bench(std::move(options));
  ASSERT_TRUE(bench.Until(peer, [&] { return bench.connected; }));
  codec::Publish publish;
  publish.topic = "b";
  // There is always one more than it takes.
  for (int i = 0; i < 50; ++i) peer.Give(publish);
  ASSERT_TRUE(bench.Until(peer, [&] {
    if (peer.pings == 0) peer.Give(publish);
    return peer.pings > 0;
  }));
}

// Somebody else's loop: waits for the descriptor or the deadline, then polls with zero.
TEST(ClientLoop, FitsIntoAForeignLoop) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
  const timespec deadline = Bench::Deadline();
  int wakes = 0;
  while (!handle.done() && !Bench::Passed(deadline)) {
    peer.Pump();
    ASSERT_TRUE(bench.loop().Poll(milliseconds(0)).ok());
    peer.Pump();
    pollfd entry{.fd = bench.loop().descriptor(), .events = POLLIN, .revents = 0};
    wakes += poll(&entry, 1, 20) > 0 ? 1 : 0;
  }
  EXPECT_TRUE(handle.done());
  EXPECT_GT(wakes, 0);
  // One of this thread is told by the deadline.
  bench.client().Publish("b", "own");
  EXPECT_LE(bench.loop().NextDeadline().time_since_epoch().count(), reactor::MonotonicNow().ns);
  while (bench.loop().Poll(milliseconds(0))->size() > 0) {
  }
  // A publish of another thread makes the descriptor readable.
  while (bench.loop().Poll(milliseconds(0))->size() > 0) {
  }
  std::thread other([&] { bench.client().Publish("b", "y"); });
  pollfd entry{.fd = bench.loop().descriptor(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 5000), 1);
  other.join();
}

// Whatever a turn leaves undone, the descriptor or the deadline tells of it: nobody has to guess.
TEST(ClientLoop, NeverLeavesAForeignLoopWaiting) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  const int descriptor = bench.loop().descriptor();
  for (int i = 0; i < 200; ++i) {
    const auto handle =
        bench.client().Publish("a", std::string(i * 500, 'x'), {.qos = Qos::kAtLeastOnce});
    while (!handle.done()) {
      ASSERT_TRUE(bench.loop().Poll(milliseconds(0)).ok());
      peer.Pump();
      if (handle.done()) break;
      const auto left = bench.loop().NextDeadline().time_since_epoch() -
                        std::chrono::nanoseconds(reactor::MonotonicNow().ns);
      if (left <= std::chrono::nanoseconds(0)) continue;
      pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
      int ready = -1;
      while (ready < 0) ready = poll(&entry, 1, 5000);  // The ring interrupts it now and then.
      ASSERT_EQ(ready, 1) << "nothing to do, and yet publish " << i << " is not done";
    }
  }
}

TEST(ClientLoop, MayMoveToAnotherThread) {
  Peer peer;
  Bench bench(peer.OptionsForIt());
  for (int i = 1; i <= 3; ++i) {
    const auto handle = bench.client().Publish("a", "x", {.qos = Qos::kAtLeastOnce});
    bool done = false;
    std::thread owner([&] { done = bench.Until(peer, [&] { return handle.done(); }); });
    owner.join();
    EXPECT_TRUE(done) << i;
    bench.loop().RebindThread();
  }
}

TEST(ClientRunner, ServesManyThreads) {
  Peer peer;
  auto made = MakeClient(peer.OptionsForIt());
  ASSERT_TRUE(made.ok());
  const Client client = made->first;
  Runner runner = RunInThread(std::move(made->second), [](Event&) {});
  std::atomic<bool> over{false};
  std::thread server([&] {
    while (!over.load()) peer.Pump();
  });
  std::vector<std::thread> threads;
  std::atomic<int> acknowledged{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        const auto handle = client.PublishUntil(steady_clock::time_point::max(), "a", "x",
                                                {.qos = Qos::kAtLeastOnce});
        if (handle.ok() && handle->Wait(kPatience).ok()) ++acknowledged;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(acknowledged.load(), 1000);
  client.Disconnect();
  EXPECT_EQ(runner.Join().code(), Errc::kStopped);
  over = true;
  server.join();
}

TEST(ClientRunner, StopsWhileNothingHappens) {
  Peer peer;  // Never pumped: the connection is never answered.
  auto made = MakeClient(peer.OptionsForIt());
  const Client client = made->first;
  PublishHandle handle;
  {
    Runner runner = RunInThread(std::move(made->second), [](Event&) {});
    handle = client.Publish("a", "x");
  }
  EXPECT_EQ(handle.Poll()->outcome, Outcome::kShutdown);
}

}  // namespace
}  // namespace ringmq::client
