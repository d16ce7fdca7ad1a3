// Encoding: nanoseconds a packet for each type, and a publication's fan-out: one encoding and a
// copy for each receiver. "checksum" shows that the work was done and stayed the same.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "codec/byte_reader.h"
#include "codec/publication.h"
#include "wire/any_packet.h"
#include "wire/corpus.h"

namespace ringmq::codec {
namespace {

constexpr auto kV311 = ProtocolVersion::kV311;
constexpr auto kV5 = ProtocolVersion::kV5;

uint64_t Checksum(Bytes bytes) {
  uint64_t sum = 0;
  for (const uint8_t byte : bytes) sum = sum * 31 % 1'000'003 + byte;
  return sum;
}

// A corpus packet, decoded once, encoded over and over.
void EncodeOne(benchmark::State& state, const std::string& name, ProtocolVersion version) {
  const wire::WirePacket packet = wire::LoadPacket(name);
  const wire::AnyDecoded decoded =
      wire::DecodeAny(packet.bytes, version, {.sender = packet.sender});
  std::vector<uint8_t> bytes;
  for (auto _ : state) {
    bytes = wire::EncodeAny(*decoded.packet, version);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["checksum"] = static_cast<double>(Checksum(bytes));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(EncodeOne, ConnectV5, "connect/v5_everything", kV5);
BENCHMARK_CAPTURE(EncodeOne, ConnackV311, "connack/v311_accepted", kV311);
BENCHMARK_CAPTURE(EncodeOne, ConnackV5, "connack/v5_everything", kV5);
BENCHMARK_CAPTURE(EncodeOne, PublishV5, "publish/v5_all_properties", kV5);
BENCHMARK_CAPTURE(EncodeOne, Puback, "puback/short", kV5);
BENCHMARK_CAPTURE(EncodeOne, PubackV5Everything, "puback/v5_everything", kV5);
BENCHMARK_CAPTURE(EncodeOne, SubscribeV5, "subscribe/v5_everything", kV5);
BENCHMARK_CAPTURE(EncodeOne, SubackV5, "suback/v5", kV5);
BENCHMARK_CAPTURE(EncodeOne, UnsubscribeV5, "unsubscribe/v5", kV5);
BENCHMARK_CAPTURE(EncodeOne, UnsubackV5, "unsuback/v5", kV5);
BENCHMARK_CAPTURE(EncodeOne, DisconnectV5, "disconnect/v5_everything", kV5);
BENCHMARK_CAPTURE(EncodeOne, AuthV5, "auth/continue", kV5);

// Takes frames into one block that is never freed, as a connection's output block is reused.
class BlockSink : public FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    if (used_ + size_bytes > block_.size()) used_ = 0;
    last_ = Bytes(block_.data() + used_, size_bytes);
    used_ += size_bytes;
    return block_.data() + used_ - size_bytes;
  }
  void AppendPayload(const MessageRef&) override {}
  [[nodiscard]] size_t pending_bytes() const override { return used_; }
  [[nodiscard]] Bytes last() const { return last_; }

 private:
  std::vector<uint8_t> block_ = std::vector<uint8_t>(64 * 1024);
  size_t used_ = 0;
  Bytes last_;
};

// One publication to a thousand receivers with packet identifiers of their own.
void FanOut(benchmark::State& state, ProtocolVersion version) {
  constexpr int kReceivers = 1000;
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  const MessageContent content{.topic = "sensors/building-7/floor-3/temperature",
                               .payload = AsBytes(payload)};
  PublicationScratch scratch;
  BlockSink sink;
  for (auto _ : state) {
    Publication publication(content, Instant{}, scratch);
    for (int i = 1; i <= kReceivers; ++i) {
      publication.Write({.version = version, .qos = Qos::kAtLeastOnce}, static_cast<PacketId>(i),
                        sink);
    }
    benchmark::DoNotOptimize(sink.last().data());
  }
  state.counters["checksum"] = static_cast<double>(Checksum(sink.last()));
  state.SetBytesProcessed(state.iterations() * kReceivers *
                          static_cast<int64_t>(sink.last().size()));
  state.SetItemsProcessed(state.iterations() * kReceivers);
}
BENCHMARK_CAPTURE(FanOut, V311, kV311)->Arg(16)->Arg(1024);
BENCHMARK_CAPTURE(FanOut, V5, kV5)->Arg(16)->Arg(1024);

// The other end: every publication has one receiver.
void PublishToOne(benchmark::State& state, ProtocolVersion version) {
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  const MessageContent content{.topic = "sensors/building-7/floor-3/temperature",
                               .payload = AsBytes(payload)};
  PublicationScratch scratch;
  BlockSink sink;
  for (auto _ : state) {
    Publication publication(content, Instant{}, scratch);
    publication.Write({.version = version}, 0, sink);
    benchmark::DoNotOptimize(sink.last().data());
  }
  state.counters["checksum"] = static_cast<double>(Checksum(sink.last()));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(sink.last().size()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(PublishToOne, V311, kV311)->Arg(16)->Arg(1024);
BENCHMARK_CAPTURE(PublishToOne, V5, kV5)->Arg(16)->Arg(1024);

}  // namespace
}  // namespace ringmq::codec
