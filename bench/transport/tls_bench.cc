// What TLS costs a server in user space: handshakes, bytes each way, and memory of idle
// connections.
//
// Only the server's own calls are timed, with the thread's CPU clock; the client works in between.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "support/certificates.h"
#include "transport/layer.h"
#include "transport/tls_client_context.h"
#include "transport/tls_server_context.h"

namespace ringmq::transport {
namespace {

// A sink that neither allocates nor clears in the long run.
class Buffer final : public ByteSink {
 public:
  using ByteSink::Append;
  uint8_t* Append(size_t size_bytes) override {
    if (used_ + size_bytes > bytes_.size()) bytes_.resize(2 * (used_ + size_bytes));
    used_ += size_bytes;
    return bytes_.data() + used_ - size_bytes;
  }
  [[nodiscard]] std::span<const uint8_t> view() const { return std::span(bytes_).first(used_); }
  void Clear() { used_ = 0; }

 private:
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(1 << 16);
  size_t used_ = 0;
};

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Contexts {
  Contexts(support::KeyKind kind, TlsVersion version, bool resume,
           TlsRecordLayer record_layer = TlsRecordLayer::kOwn) {
    const support::Issued issued =
        authority.Issue({.common_name = "server", .dns_names = {"localhost"}, .key_kind = kind});
    TlsServerOptions server_options;
    server_options.key_pairs = {{.certificate_file = folder.Write("a.crt", issued.certificate),
                                 .key_file = folder.Write("a.key", issued.key)}};
    server_options.protocol.record_layer = record_layer;
    server = *TlsServerContext::Make(server_options);
    TlsClientOptions client_options;
    client_options.trust.ca_file = folder.Write("ca.crt", authority.certificate());
    client_options.protocol.version_min = client_options.protocol.version_max = version;
    client_options.resume = resume;
    client = *TlsClientContext::Make(client_options);
  }
  support::PemFolder folder;
  support::Authority authority{"Bench CA"};
  TlsServerContextPtr server;
  TlsClientContextPtr client;
};

struct Pair {
  explicit Pair(const Contexts& contexts)
      : server(MakeServerLayer(contexts.server, Instant{})),
        client(MakeClientLayer(contexts.client, "localhost", 8883)) {}

  // Seconds that the server's part took.
  double Handshake(Buffer& up, Buffer& from_server, Buffer& from_client) {
    double seconds = 0;
    client->Start(from_client);
    while (from_client.view().size() + from_server.view().size() > 0) {
      const double start = CpuSeconds();
      server->Receive(from_client.view(), up, from_server);
      seconds += CpuSeconds() - start;
      from_client.Clear();
      client->Receive(from_server.view(), up, from_client);
      from_server.Clear();
    }
    RMQ_CHECK(server->state() == LayerState::kOpen);
    RMQ_CHECK(client->state() == LayerState::kOpen);
    return seconds;
  }
  std::unique_ptr<TlsLayer> server;
  std::unique_ptr<TlsLayer> client;
};

TlsRecordLayer LayerOf(int64_t argument) {
  return argument == 0 ? TlsRecordLayer::kOpenSsl : TlsRecordLayer::kOwn;
}

TlsVersion VersionOf(int64_t argument) {
  return argument == 12 ? TlsVersion::k12 : TlsVersion::k13;
}

void Handshakes(benchmark::State& state, support::KeyKind kind, bool resume) {
  const Contexts contexts(kind, VersionOf(state.range(0)), resume);
  Buffer up;
  Buffer from_server;
  Buffer from_client;
  Pair(contexts).Handshake(up, from_server, from_client);
  int64_t resumed = 0;
  for (auto _ : state) {
    const double start = CpuSeconds();
    Pair pair(contexts);
    // Half of making the pair: a layer for either end.
    const double made = (CpuSeconds() - start) / 2;
    state.SetIterationTime(made + pair.Handshake(up, from_server, from_client));
    PeerFacts facts;
    pair.server->Describe(facts);
    resumed += facts.tls.resumed ? 1 : 0;
  }
  RMQ_CHECK(resumed == (resume ? state.iterations() : 0));
  state.SetItemsProcessed(state.iterations());
}

void FullRsa(benchmark::State& state) { Handshakes(state, support::KeyKind::kRsa2048, false); }
void FullP256(benchmark::State& state) { Handshakes(state, support::KeyKind::kP256, false); }
void ResumedP256(benchmark::State& state) { Handshakes(state, support::KeyKind::kP256, true); }
BENCHMARK(FullRsa)->ArgName("tls")->Arg(12)->Arg(13)->UseManualTime();
BENCHMARK(FullP256)->ArgName("tls")->Arg(12)->Arg(13)->UseManualTime();
BENCHMARK(ResumedP256)->ArgName("tls")->Arg(12)->Arg(13)->UseManualTime();

enum class Direction { kUp, kDown };

// One message a record, as many MQTT packets go.
void Transfer(benchmark::State& state, Direction direction) {
  constexpr size_t kBatch = 16;
  const Contexts contexts(support::KeyKind::kP256, VersionOf(state.range(0)), false,
                          LayerOf(state.range(2)));
  const std::vector<uint8_t> message(static_cast<size_t>(state.range(1)), 'm');
  Buffer up;
  Buffer from_server;
  Buffer from_client;
  Pair pair(contexts);
  pair.Handshake(up, from_server, from_client);
  for (auto _ : state) {
    up.Clear();
    if (direction == Direction::kUp) {
      from_client.Clear();
      for (size_t i = 0; i < kBatch; ++i) pair.client->Send(message, from_client);
      const double start = CpuSeconds();
      pair.server->Receive(from_client.view(), up, from_server);
      state.SetIterationTime(CpuSeconds() - start);
    } else {
      from_server.Clear();
      const double start = CpuSeconds();
      for (size_t i = 0; i < kBatch; ++i) pair.server->Send(message, from_server);
      state.SetIterationTime(CpuSeconds() - start);
      pair.client->Receive(from_server.view(), up, from_client);
    }
    RMQ_CHECK(up.view().size() == kBatch * message.size());
  }
  const auto messages = static_cast<int64_t>(kBatch) * state.iterations();
  state.SetItemsProcessed(messages);
  state.SetBytesProcessed(messages * state.range(1));
}

void Receive(benchmark::State& state) { Transfer(state, Direction::kUp); }
void Send(benchmark::State& state) { Transfer(state, Direction::kDown); }
BENCHMARK(Receive)
    ->ArgNames({"tls", "bytes", "own"})
    ->ArgsProduct({{12, 13}, {64, 1024, 16384}, {0, 1}})
    ->UseManualTime();
BENCHMARK(Send)
    ->ArgNames({"tls", "bytes", "own"})
    ->ArgsProduct({{12, 13}, {64, 1024, 16384}, {0, 1}})
    ->UseManualTime();

// What malloc has given out for one idle server's end, once it has both sent and received.
void IdleMemory(benchmark::State& state) {
  constexpr size_t kConnections = 200;
  constexpr double kOwnBytesMax = 12 << 10;
  const TlsRecordLayer layer = LayerOf(state.range(1));
  const Contexts contexts(support::KeyKind::kP256, VersionOf(state.range(0)), false, layer);
  const std::vector<uint8_t> message(1000, 'm');
  double bytes = 0;
  for (auto _ : state) {
    Buffer up;
    Buffer from_server;
    Buffer from_client;
    std::vector<Pair> pairs;
    pairs.reserve(kConnections);
    for (size_t i = 0; i < kConnections; ++i) {
      Pair& pair = pairs.emplace_back(contexts);
      pair.Handshake(up, from_server, from_client);
      pair.client->Send(message, from_client);
      pair.server->Receive(from_client.view(), up, from_server);
      pair.server->Send(message, from_server);
      from_client.Clear();
      from_server.Clear();
    }
    const size_t before = mallinfo2().uordblks;
    for (Pair& pair : pairs) pair.server.reset();
    bytes = static_cast<double>(before - mallinfo2().uordblks) / kConnections;
  }
  // What users are promised; the bench is also a test.
  RMQ_CHECK(layer == TlsRecordLayer::kOpenSsl || bytes < kOwnBytesMax);
  state.counters["bytes_per_connection"] = bytes;
}
BENCHMARK(IdleMemory)->ArgNames({"tls", "own"})->ArgsProduct({{12, 13}, {0, 1}})->Iterations(1);

}  // namespace
}  // namespace ringmq::transport
