// SPDX-License-Identifier: Apache-2.0
#include "transport/layer_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/toy_layer.h"
#include "transport/byte_vector.h"
#include "transport/sniff.h"

namespace ringmq::transport {
namespace {

using ringmq::testing::MakeToyStack;
using ringmq::testing::ToyLayer;
using Side = ToyLayer::Side;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}

std::string Text(const ByteVector& sink) { return {sink.bytes().begin(), sink.bytes().end()}; }

// Two stacks back to back; what travels is cut into pieces of `piece_bytes`.
struct Pair {
  explicit Pair(std::string_view keys, size_t piece_bytes)
      : client(MakeToyStack(Side::kClient, keys)),
        server(MakeToyStack(Side::kServer, keys)),
        piece(piece_bytes) {
    server.Start(to_client);
    client.Start(to_server);
    Exchange();
  }
  static void Move(ByteVector& from, LayerStack& to, ByteVector& up, ByteVector& back,
                   size_t piece) {
    const std::string bytes = Text(from);
    from.Clear();
    for (size_t at = 0; at < bytes.size(); at += piece) {
      to.Receive(Bytes(std::string_view(bytes).substr(at, piece)), up, back);
    }
  }
  void Exchange() {
    while (!to_server.empty() || !to_client.empty()) {
      Move(to_server, server, at_server, to_client, piece);
      Move(to_client, client, at_client, to_server, piece);
    }
  }

  LayerStack client;
  LayerStack server;
  const size_t piece;
  ByteVector to_server, to_client, at_server, at_client;
};

TEST(LayerStack, OpensFromTheBottomUpAndCarriesBytesBothWays) {
  for (const std::string_view keys : {"", "k", "kl", "klm", "K", "Kl", "kL", "KL"}) {
    for (const size_t piece : {1, 2, 100}) {
      Pair pair(keys, piece);
      ASSERT_TRUE(pair.client.open()) << keys;
      ASSERT_TRUE(pair.server.open()) << keys;
      pair.client.Send(Bytes("ping"), pair.to_server);
      const bool is_changed = keys.find_first_of("klm") != std::string_view::npos;
      EXPECT_EQ(Text(pair.to_server) != "ping", is_changed) << keys;
      EXPECT_EQ(pair.server.is_transparent(), !is_changed) << keys;
      pair.server.Send(Bytes("pong"), pair.to_client);
      pair.Exchange();
      EXPECT_EQ(Text(pair.at_server), "ping");
      EXPECT_EQ(Text(pair.at_client), "pong");
    }
  }
}

TEST(LayerStack, CarriesEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  Pair pair("kl", 3);
  pair.client.Send(Bytes(all), pair.to_server);
  pair.Exchange();
  EXPECT_EQ(Text(pair.at_server), all);
}

TEST(LayerStack, SaysGoodbyeFromTheTopDown) {
  Pair pair("kl", 1);
  pair.client.Send(Bytes("last"), pair.to_server);
  pair.client.Close(pair.to_server);
  pair.Exchange();
  EXPECT_EQ(Text(pair.at_server), "last");
  EXPECT_EQ(pair.server.state(), LayerState::kEnded);
}

TEST(LayerStack, FailsWithTheLayerThatFails) {
  LayerStack stack = MakeToyStack(Side::kServer, "kl");
  ByteVector up;
  ByteVector down;
  stack.Start(down);
  EXPECT_EQ(stack.state(), LayerState::kOpening);
  // The lower layer opens; what it passes on is no hello to the upper one.
  const uint8_t input[] = {ToyLayer::kHello ^ 'k', 0x01};
  stack.Receive(input, up, down);
  EXPECT_EQ(stack.state(), LayerState::kFailed);
  EXPECT_EQ(stack.error(), "no hello");
  EXPECT_TRUE(up.empty());
  stack.Close(down);  // Says what it still can, and does not fall over.
}

TEST(LayerStack, TheKernelTakesTheLowestLayerWhenItCan) {
  for (const std::string_view keys : {"0", "0k", "K0l"}) {
    Pair pair(keys, 100);
    ASSERT_TRUE(pair.server.open());
    EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kNotYet);
    EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kNotYet);
    EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kDone);
    EXPECT_EQ(pair.server.is_transparent(), keys == "0");
    // What it knew is still told; what is left above goes on.
    EXPECT_NE(pair.server.Describe().websocket.path.find('0'), std::string::npos);
    EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kNever);
    pair.client.Send(Bytes("ping"), pair.to_server);
    pair.server.Send(Bytes("pong"), pair.to_client);
    pair.Exchange();
    EXPECT_EQ(Text(pair.at_server), "ping");
    EXPECT_EQ(Text(pair.at_client), "pong");
  }
}

TEST(LayerStack, WhatHasEndedDoesNotMoveIntoTheKernel) {
  Pair pair("0k", 100);
  pair.client.Close(pair.to_server);
  pair.Exchange();
  ASSERT_EQ(pair.server.state(), LayerState::kEnded);
  for (int i = 0; i < 2 * ToyLayer::kMoveTries; ++i) {
    EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kNever);
  }
}

TEST(LayerStack, AnUpperLayerIsNotTheKernels) {
  Pair pair("k0", 100);
  EXPECT_EQ(pair.server.MoveIntoKernel(-1), KernelMove::kNever);
}

// Passes all on and then is in the state that it was made with; logs what it is asked for.
class Probe final : public Layer {
 public:
  Probe(LayerState then, std::string& log) : then_(then), log_(log) {}

  void Start(ByteSink&) override {
    log_ += "start ";
    is_started_ = true;
  }
  void Receive(std::span<const uint8_t> input, ByteSink& up, ByteSink&) override {
    log_ += "receive ";
    up.Append(input);
    state_ = then_;
  }
  void Send(std::span<const uint8_t> bytes, ByteSink& down) override { down.Append(bytes); }
  void Close(ByteSink&) override {}
  [[nodiscard]] LayerState state() const override { return state_; }
  [[nodiscard]] bool is_transparent() const override {
    return is_started_ && then_ == LayerState::kOpen;
  }
  [[nodiscard]] std::string_view error() const override { return "probe: broken"; }
  void Describe(PeerFacts&) const override {}

 private:
  const LayerState then_;
  std::string& log_;
  bool is_started_ = false;
  LayerState state_ = then_ == LayerState::kOpen ? LayerState::kOpen : LayerState::kOpening;
};

LayerStack StackProbes(LayerState lower, std::string& lower_log, std::string& upper_log) {
  std::vector<std::unique_ptr<Layer>> layers;
  layers.push_back(std::make_unique<Probe>(lower, lower_log));
  layers.push_back(std::make_unique<Probe>(LayerState::kEnded, upper_log));
  return LayerStack(std::move(layers));
}

// What a client does whose first layer has but one thing to say, such as a PROXY header.
TEST(LayerStack, TakesOutALayerThatIsDoneAsSoonAsItStarted) {
  std::string log;
  std::vector<std::unique_ptr<Layer>> layers;
  layers.push_back(std::make_unique<Probe>(LayerState::kOpen, log));
  LayerStack stack(std::move(layers));
  EXPECT_FALSE(stack.is_transparent());
  ByteVector down;
  stack.Start(down);
  EXPECT_TRUE(stack.is_transparent());
  EXPECT_EQ(log, "start ");
}

TEST(LayerStack, StartsALayerBeforeItHearsWhatCameWithTheGoodbyeOfTheOneBelow) {
  std::string lower_log;
  std::string upper_log;
  LayerStack stack = StackProbes(LayerState::kEnded, lower_log, upper_log);
  ByteVector up;
  ByteVector down;
  stack.Start(down);
  EXPECT_EQ(upper_log, "");
  stack.Receive(Bytes("last"), up, down);
  EXPECT_EQ(upper_log, "start receive ");
  EXPECT_EQ(Text(up), "last");
  EXPECT_EQ(stack.state(), LayerState::kEnded);
}

TEST(LayerStack, NeverAsksALayerAboveOneThatFailedToOpen) {
  std::string lower_log;
  std::string upper_log;
  LayerStack stack = StackProbes(LayerState::kFailed, lower_log, upper_log);
  ByteVector up;
  ByteVector down;
  stack.Start(down);
  stack.Receive(Bytes("junk"), up, down);
  EXPECT_EQ(upper_log, "");
  EXPECT_TRUE(up.empty());
  EXPECT_EQ(stack.state(), LayerState::kFailed);
  EXPECT_EQ(stack.error(), "probe: broken");
}

TEST(Sniff, KnowsEachProtocolByItsFirstBytes) {
  const std::string_view v2("\r\n\r\n\0\r\nQUIT\n\x21", 13);
  for (const auto& [bytes, found] : std::initializer_list<std::pair<std::string_view, Sniffed>>{
           {"\x16\x03\x01", Sniffed::kTls},
           {"GET /mqtt", Sniffed::kHttp},
           {"\x10", Sniffed::kMqtt},
           {"PROXY TCP4", Sniffed::kProxyHeader},
           {v2, Sniffed::kProxyHeader},
           {"POST", Sniffed::kUnknown},
           {"\x16\x02", Sniffed::kUnknown},
           {"GEX", Sniffed::kUnknown},
           {std::string_view("\0", 1), Sniffed::kUnknown}}) {
    EXPECT_EQ(Sniff(Bytes(bytes)), found) << bytes;
    // Never sure of something else before.
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Sniffed early = Sniff(Bytes(bytes.substr(0, size)));
      EXPECT_TRUE(early == Sniffed::kNeedMore || early == found) << bytes;
    }
  }
}

class SniffLayerTest : public ::testing::TestWithParam<size_t> {
 protected:
  static LayerStack Make() {
    std::vector<std::unique_ptr<Layer>> layers;
    layers.push_back(std::make_unique<SniffLayer>([](Sniffed found) -> std::unique_ptr<Layer> {
      if (found == Sniffed::kMqtt) return nullptr;
      return std::make_unique<ToyLayer>(Side::kServer, uint8_t{'G' ^ ToyLayer::kHello});
    }));
    return LayerStack(std::move(layers));
  }
  static void Give(LayerStack& stack, std::string_view text, ByteVector& up, ByteVector& down) {
    for (size_t at = 0; at < text.size(); at += GetParam()) {
      stack.Receive(Bytes(text.substr(at, GetParam())), up, down);
    }
  }
};

TEST_P(SniffLayerTest, PassesPlainBytesOnAndGoesAway) {
  LayerStack stack = Make();
  ByteVector up;
  ByteVector down;
  stack.Start(down);
  EXPECT_EQ(stack.state(), LayerState::kOpening);
  Give(stack, "\x10 connect", up, down);
  EXPECT_EQ(Text(up), "\x10 connect");
  EXPECT_TRUE(stack.is_transparent());
  stack.Send(Bytes("connack"), down);
  EXPECT_EQ(Text(down), "connack");
}

TEST_P(SniffLayerTest, BecomesTheLayerThatBelongsThere) {
  LayerStack stack = Make();
  ByteVector up;
  ByteVector down;
  stack.Start(down);
  const std::string input = {'G', 'E', 'T', ' '};
  Give(stack, input, up, down);
  EXPECT_EQ(stack.state(), LayerState::kOpen);
  EXPECT_FALSE(stack.is_transparent());
  EXPECT_EQ(down.bytes().size(), 1u);  // Its hello.
  EXPECT_EQ(up.bytes().size(), 3u);    // The held bytes went through it.
}

INSTANTIATE_TEST_SUITE_P(Pieces, SniffLayerTest, ::testing::Values(1, 2, 3, 100));

}  // namespace
}  // namespace ringmq::transport
