// Decoding: nanoseconds a packet for each type of the wire corpus, and bytes a second for
// publications of 1 KiB. "checksum" shows that the work was done and stayed the same.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "codec/byte_reader.h"
#include "wire/any_packet.h"
#include "wire/corpus.h"

namespace ringmq::codec {
namespace {

void DecodeOne(benchmark::State& state, const std::string& name, ProtocolVersion version) {
  const wire::WirePacket packet = wire::LoadPacket(name);
  const DecodeLimits limits{.sender = packet.sender};
  uint64_t checksum = 0;
  for (auto _ : state) {
    const wire::AnyDecoded decoded = wire::DecodeAny(packet.bytes, version, limits);
    checksum = decoded.size_bytes * 31 + decoded.packet->index();
    benchmark::DoNotOptimize(checksum);
  }
  state.counters["checksum"] = static_cast<double>(checksum);
  state.SetItemsProcessed(state.iterations());
}

constexpr auto kV311 = ProtocolVersion::kV311;
constexpr auto kV5 = ProtocolVersion::kV5;
BENCHMARK_CAPTURE(DecodeOne, ConnectV311, "connect/v311_everything", kV311);
BENCHMARK_CAPTURE(DecodeOne, ConnectV5, "connect/v5_everything", kV5);
BENCHMARK_CAPTURE(DecodeOne, ConnackV5, "connack/v5_everything", kV5);
BENCHMARK_CAPTURE(DecodeOne, PublishV5AllProperties, "publish/v5_all_properties", kV5);
BENCHMARK_CAPTURE(DecodeOne, Puback, "puback/short", kV5);
BENCHMARK_CAPTURE(DecodeOne, PubackV5Everything, "puback/v5_everything", kV5);
BENCHMARK_CAPTURE(DecodeOne, SubscribeV311, "subscribe/v311_many", kV311);
BENCHMARK_CAPTURE(DecodeOne, SubscribeV5, "subscribe/v5_everything", kV5);
BENCHMARK_CAPTURE(DecodeOne, SubackV5, "suback/v5", kV5);
BENCHMARK_CAPTURE(DecodeOne, UnsubscribeV5, "unsubscribe/v5", kV5);
BENCHMARK_CAPTURE(DecodeOne, UnsubackV5, "unsuback/v5", kV5);
BENCHMARK_CAPTURE(DecodeOne, DisconnectV5, "disconnect/v5_everything", kV5);
BENCHMARK_CAPTURE(DecodeOne, AuthV5, "auth/continue", kV5);

// A buffer of back-to-back publications, framed and decoded as a connection does.
void DecodePublishStream(benchmark::State& state, ProtocolVersion version) {
  constexpr size_t kPackets = 64;
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  const Publish publish{.topic = "sensors/building-7/floor-3/temperature",
                        .payload = AsBytes(payload),
                        .qos = Qos::kAtLeastOnce,
                        .packet_id = 1};
  const std::vector<uint8_t> one = wire::EncodeAny(publish, version);
  std::vector<uint8_t> stream;
  for (size_t i = 0; i < kPackets; ++i) stream.insert(stream.end(), one.begin(), one.end());

  uint64_t checksum = 0;
  for (auto _ : state) {
    Bytes left = stream;
    checksum = 0;
    while (!left.empty()) {
      const FrameParse parse = ParseFrame(left, kPacketSizeBytesMax, version);
      const auto decoded = DecodePublish(
          parse.head.flags,
          left.subspan(parse.head.header_size_bytes, parse.head.remaining_size_bytes), version);
      checksum += decoded->topic.size() + decoded->payload.size() + decoded->packet_id;
      left = left.subspan(parse.head.size_bytes());
    }
    benchmark::DoNotOptimize(checksum);
  }
  state.counters["checksum"] = static_cast<double>(checksum);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(stream.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPackets));
}
BENCHMARK_CAPTURE(DecodePublishStream, V311, kV311)->Arg(16)->Arg(1024);
BENCHMARK_CAPTURE(DecodePublishStream, V5, kV5)->Arg(16)->Arg(1024);

}  // namespace
}  // namespace ringmq::codec
