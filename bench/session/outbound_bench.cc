// What a receiver's flow costs at QoS 1 and 2: Deliver, then the acknowledgements, `window` at a
// time. The message is kept once, as in a wide fan-out.
//
// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <array>

#include "session/session.h"

namespace ringmq::session {
namespace {

class ForgetfulSink final : public codec::FrameSink {
 public:
  uint8_t* Append(size_t size_bytes) override {
    total_bytes += size_bytes;
    return room_.data();
  }
  void AppendPayload(const codec::MessageRef&) override {}
  [[nodiscard]] size_t pending_bytes() const override { return 0; }

  uint64_t total_bytes = 0;

 private:
  std::array<uint8_t, 256> room_{};
};

void DeliverAndAcknowledge(benchmark::State& state) {
  const auto qos = static_cast<Qos>(state.range(0));
  const auto window = static_cast<uint32_t>(state.range(1));
  const SessionLimits limits;
  ForgetfulSink sink;
  codec::PublicationScratch scratch;
  codec::PublicationScratch own_scratch;
  Link link;
  link.sink = &sink;
  link.scratch = &scratch;
  const std::array<uint8_t, 16> payload{};
  codec::MessageContent content;
  content.topic = "bench/session";
  content.payload = payload;
  content.qos = qos;
  codec::Publication publication(content, Instant{}, own_scratch);
  Session session(limits);
  uint32_t sent = 0;
  uint32_t acknowledged = 0;
  for (auto _ : state) {
    for (uint32_t i = 0; i < window; ++i, ++sent) {
      benchmark::DoNotOptimize(session.Deliver(publication, {.qos = qos}, Instant{}, &link));
    }
    for (; acknowledged != sent; ++acknowledged) {
      const auto id = static_cast<codec::PacketId>(acknowledged % 65'535 + 1);
      if (qos == Qos::kAtLeastOnce) {
        (void)session.OnPuback(id, ReasonCode::kSuccess, Instant{}, link);
      } else {
        (void)session.OnPubrec(id, ReasonCode::kSuccess, Instant{}, link);
        (void)session.OnPubcomp(id, ReasonCode::kSuccess, Instant{}, link);
      }
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * window);
  state.counters["checksum"] =
      static_cast<double>((sink.total_bytes / static_cast<uint64_t>(state.iterations())) % 100'000 +
                          session.in_flight());
}
BENCHMARK(DeliverAndAcknowledge)->ArgNames({"qos", "window"})->ArgsProduct({{1, 2}, {1, 64}});

}  // namespace
}  // namespace ringmq::session
