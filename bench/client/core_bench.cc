// What the client itself spends on a message, without kernel and network: publish to PUBACK, and
// PUBLISH to the user and back to PUBACK. Prints a sum, so that nothing is optimised away.
//
// SPDX-License-Identifier: Apache-2.0
#include "client/core.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "client/text.h"
#include "codec/encode.h"

namespace ringmq::client {
namespace {

class Sink final : public codec::FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    used_ = used_ + size_bytes > bytes_.size() ? 0 : used_;
    used_ += size_bytes;
    sum_ += size_bytes;
    return bytes_.data() + used_ - size_bytes;
  }
  void AppendPayload(const codec::MessageRef& message) override {
    sum_ += message.payload().size();
  }
  [[nodiscard]] size_t pending_bytes() const override { return 0; }
  void Rewind() { used_ = 0; }
  [[nodiscard]] uint64_t sum() const { return sum_; }

 private:
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(1 << 20);
  size_t used_ = 0;
  uint64_t sum_ = 0;
};

class NoAcks final : public AckSink {
 public:
  void Send(uint64_t, ReasonCode) noexcept override {}
  void Unused(uint64_t) noexcept override {}
  void Release(uint64_t) noexcept override {}
};

template <typename Packet>
std::vector<uint8_t> Encoded(const Packet& packet) {
  std::vector<uint8_t> bytes(codec::EncodedSizeBytes(packet, ProtocolVersion::kV5));
  codec::Encode(packet, ProtocolVersion::kV5, bytes);
  return bytes;
}

struct Fixture {
  Fixture() {
    core.OnTransportUp(sink, "", "", now);
    Give(Encoded(codec::Connack{}));
    core.BeginBatch();
  }
  ~Fixture() {
    core.BeginBatch();
    core.Shutdown();
  }
  void Give(const std::vector<uint8_t>& bytes) {
    const codec::FrameParse parse = codec::ParseFrame(bytes, 1 << 20);
    core.OnFrame(
        {.head = parse.head, .body = codec::Bytes(bytes).subspan(parse.head.header_size_bytes)},
        now);
  }

  Options options;
  Attention& attention = *new Attention;
  NoAcks acks;
  Sink sink;
  Core core{options, attention, acks, 1, {}};
  Instant now = Instant{} + kSecond;
};

void PublishAndAcknowledge(benchmark::State& state) {
  Fixture fixture;
  const std::string payload(static_cast<size_t>(state.range(0)), 'x');
  std::vector<uint8_t> puback = {0x40, 0x02, 0, 0};
  uint16_t id = 0;  // The client gives them out one after the other, and so does this.
  for (auto _ : state) {
    fixture.sink.Rewind();
    auto [promise, handle] = MakePending<Delivery>(fixture.attention);
    fixture.core.Publish({codec::MessageRef::Make({.topic = "plant/gw7/temperature",
                                                   .payload = AsBytes(payload),
                                                   .qos = Qos::kAtLeastOnce}),
                          std::move(promise)});
    fixture.core.Flush(fixture.now);
    id = id == UINT16_MAX ? 1 : static_cast<uint16_t>(id + 1);
    puback[2] = static_cast<uint8_t>(id >> 8);
    puback[3] = static_cast<uint8_t>(id);
    fixture.Give(puback);
    if (!handle.done()) state.SkipWithError("not acknowledged");
  }
  state.counters["sum"] = static_cast<double>(fixture.sink.sum());
}
BENCHMARK(PublishAndAcknowledge)->Arg(16)->Arg(1024);

void ReceiveAndAcknowledge(benchmark::State& state) {
  Fixture fixture;
  const auto qos = static_cast<Qos>(state.range(0));
  const std::string payload(64, 'x');
  codec::Publish publish;
  publish.topic = "plant/gw7/temperature";
  publish.payload = AsBytes(payload);
  publish.qos = qos;
  publish.packet_id = qos == Qos::kAtMostOnce ? 0 : 7;
  const std::vector<uint8_t> bytes = Encoded(publish);
  uint64_t sum = 0;
  for (auto _ : state) {
    fixture.sink.Rewind();
    fixture.Give(bytes);
    sum += fixture.core.events().front().get<Message>()->payload().size();
    fixture.core.BeginBatch();
  }
  state.counters["sum"] = static_cast<double>(sum + fixture.sink.sum());
}
BENCHMARK(ReceiveAndAcknowledge)->Arg(0)->Arg(1);

}  // namespace
}  // namespace ringmq::client
