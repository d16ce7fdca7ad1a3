// SPDX-License-Identifier: Apache-2.0
#include "transport/websocket_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "transport/byte_vector.h"
#include "transport/layer_stack.h"
#include "transport/sniff.h"
#include "transport/websocket_accept.h"
#include "transport/websocket_frame.h"

namespace ringmq::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {static_cast<const uint8_t*>(static_cast<const void*>(text.data())), text.size()};
}
std::string Text(const ByteVector& sink) { return {sink.bytes().begin(), sink.bytes().end()}; }

// RFC 6455 s1.3.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

std::string Head(std::string_view change = {}, std::string_view to = {}) {
  std::string head =
      "GET /mqtt?x=1 HTTP/1.1\r\nHost: broker\r\nUpgrade: WebSocket\r\n"
      "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: " +
      std::string(kKey) +
      "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, mqtt\r\n"
      "Origin: https://a.example\r\n\r\n";
  if (!change.empty()) {
    const size_t at = head.find(change);
    EXPECT_NE(at, std::string::npos) << change;
    head.replace(at, change.size(), to);
  }
  return head;
}

uint16_t StatusOf(const std::string& head, const UpgradeRules& rules = {}) {
  return CheckUpgradeRequest(head, rules).status;
}

// --- The upgrade.

TEST(HttpUpgrade, AgreesAsTheExampleOfTheStandard) {
  EXPECT_EQ(WebSocketAccept(kKey), kAccept);
  const UpgradeVerdict verdict = CheckUpgradeRequest(Head(), {});
  ASSERT_TRUE(verdict.ok()) << verdict.reason;
  EXPECT_EQ(verdict.request.path, "/mqtt");
  EXPECT_EQ(verdict.request.subprotocol, "mqtt");
  EXPECT_EQ(verdict.request.origin, "https://a.example");
  const std::string answer = MakeUpgradeResponse(verdict);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: " + std::string(kAccept) + "\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Protocol: mqtt\r\n"));
}

TEST(HttpUpgrade, RefusesWhatIsNotAsItMustBe) {
  struct Case {
    std::string_view change, to;
    uint16_t status;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"GET", "POST", 405},
           {"GET", "get", 405},
           {"HTTP/1.1", "HTTP/1.0", 400},
           {"/mqtt?x=1", "mqtt", 400},
           {"/mqtt?x=1", "/a b", 400},
           {"/mqtt?x=1", "/other", 404},
           {"Host: broker\r\n", "", 400},
           {"Host: broker", "Host: a\r\nHost: b", 400},
           {"Upgrade: WebSocket", "Upgrade: h2c", 426},
           {"keep-alive, Upgrade", "keep-alive", 426},
           {"Version: 13", "Version: 8", 426},
           {"Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", 426},
           {kKey, "dGhlIHNhbXBsZSBub25jZQ=", 400},
           {kKey, "dGhlIHNhbXBsZSBub25j*Q==", 400},
           {kKey, "", 400},
           {"chat, mqtt", "chat, mqtt5", 400},
           {"Host: broker", "Host: broker\r\nContent-Length: 5", 400},
           {"Host: broker", "Host: broker\r\nTransfer-Encoding: chunked", 400},
           {"Host: broker", "Host : broker", 400},
           {"Host: broker", "Host: broker\r\n folded", 400},
           {"Host: broker", "Host: bro\x01ker", 400},
           {"Host: broker\r\n", "Host: broker\n", 400},
           {"Origin", "Origin: https://b\r\nOrigin", 400}}) {
    EXPECT_EQ(StatusOf(Head(one.change, one.to)), one.status) << one.change << " -> " << one.to;
  }
  std::string many = "GET / HTTP/1.1\r\n";
  for (size_t i = 0; i <= kHttpHeadersMax; ++i) many += "A: b\r\n";
  EXPECT_EQ(StatusOf(many + "\r\n"), 400);
}

TEST(HttpUpgrade, PrefersMqttAndKnowsItsOldName) {
  const auto verdict = CheckUpgradeRequest(Head("chat, mqtt", "mqttv3.1"), {});
  EXPECT_EQ(verdict.request.subprotocol, "mqttv3.1");
  const auto both = CheckUpgradeRequest(Head("chat, mqtt", "mqttv3.1, mqtt"), {});
  EXPECT_EQ(both.request.subprotocol, "mqtt");
}

TEST(HttpUpgrade, HoldsToThePathsAndOriginsThatAreAllowed) {
  UpgradeRules rules = {.paths = {"/x"}, .origins = {"https://a.example"}};
  EXPECT_EQ(StatusOf(Head(), rules), 404);
  EXPECT_EQ(StatusOf(Head("/mqtt", "/x"), rules), 101);
  EXPECT_EQ(StatusOf(Head("/mqtt", "/x/y"), rules), 404);
  rules.paths.clear();
  EXPECT_EQ(StatusOf(Head("/mqtt", "/anything"), rules), 101);
  EXPECT_EQ(StatusOf(Head("https://a.example", "https://b.example"), rules), 403);
  EXPECT_EQ(StatusOf(Head("Origin: https://a.example\r\n", ""), rules), 101);
  rules.origins = {"*"};
  EXPECT_EQ(StatusOf(Head("https://a.example", "https://b.example"), rules), 101);
}

TEST(HttpUpgrade, BelievesForwardedForFromTrustedProxiesOnly) {
  const std::string head =
      Head("Host: broker", "Host: broker\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2");
  EXPECT_EQ(CheckUpgradeRequest(head, {}).request.forwarded_for, "");
  const UpgradeRules trusting = {.is_trusted_proxy = true};
  EXPECT_EQ(CheckUpgradeRequest(head, trusting).request.forwarded_for, "2.2.2.2");
  const std::string odd = Head("Host: broker", "Host: broker\r\nX-Forwarded-For: <script>");
  EXPECT_EQ(CheckUpgradeRequest(odd, trusting).request.forwarded_for, "");
  EXPECT_EQ(CheckUpgradeRequest(odd, {}).status, CheckUpgradeRequest(head, {}).status);
}

TEST(HttpUpgrade, ReadsForwardedForStrictly) {
  const UpgradeRules trusting = {.is_trusted_proxy = true};
  const auto verdict = [&](const std::string& value) {
    return CheckUpgradeRequest(Head("Host: broker", "Host: broker\r\nX-Forwarded-For: " + value),
                               trusting);
  };
  for (const auto& [value, address] :
       {std::pair("192.0.2.7", "192.0.2.7"), std::pair("192.0.2.7:4711", "192.0.2.7"),
        std::pair("2001:DB8::7", "2001:db8::7"), std::pair("[2001:db8::7]", "2001:db8::7"),
        std::pair("[2001:db8::7]:4711", "2001:db8::7"),
        std::pair("dead.beef, 192.0.2.7", "192.0.2.7"), std::pair("unknown", ""),
        std::pair("", "")}) {
    EXPECT_TRUE(verdict(value).ok()) << value;
    EXPECT_EQ(verdict(value).request.forwarded_for, address) << value;
  }
  for (const char* const value :
       {"dead.beef", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[2001:db8::7",
        "[2001:db8::7]x", "[2001:db8::7]:", "[1.2.3.4]", "2001:db8", "fe80::1%eth0", "1.2.3.4 5"}) {
    EXPECT_EQ(verdict(value).status, 400) << value;
    EXPECT_THAT(std::string(verdict(value).reason), HasSubstr("X-Forwarded-For")) << value;
  }
}

TEST(HttpUpgrade, AnswersWithASubprotocolThatWasOffered) {
  EXPECT_THAT(MakeUpgradeResponse(CheckUpgradeRequest(Head("chat, mqtt", "MQTT, mqtt"), {})),
              HasSubstr("\r\nSec-WebSocket-Protocol: mqtt\r\n"));
  EXPECT_EQ(CheckUpgradeRequest(Head("chat, mqtt", "MQTT"), {}).status, 400);
}

TEST(HttpUpgrade, RefusalsSayWhyAndEndTheConnection) {
  const std::string answer =
      MakeUpgradeResponse(CheckUpgradeRequest(Head("Version: 13", "Version: 8"), {}));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 26\r\n\r\nonly WebSocket version 13\n"));
}

TEST(HttpUpgrade, TheClientChecksTheAnswer) {
  const UpgradeOffer offer = {.host = "h", .key = std::string(kKey)};
  EXPECT_EQ(StatusOf(MakeUpgradeRequest(offer)), 101);
  const std::string good = MakeUpgradeResponse(CheckUpgradeRequest(MakeUpgradeRequest(offer), {}));
  EXPECT_EQ(CheckUpgradeResponse(good, offer), "");
  const auto with = [&](std::string_view change, std::string_view to) {
    std::string answer = good;
    answer.replace(answer.find(change), change.size(), to);
    return CheckUpgradeResponse(answer, offer);
  };
  EXPECT_THAT(with("101 Switching Protocols", "302 Found"), HasSubstr("302 Found"));
  EXPECT_THAT(with("s3p", "S3p"), HasSubstr("Accept"));
  EXPECT_THAT(with(": mqtt", ": chat"), HasSubstr("subprotocol mqtt"));
  EXPECT_THAT(with("HTTP/1.1", "HTTP/2.0"), HasSubstr("no HTTP response"));
  EXPECT_THAT(with("Upgrade: websocket\r\n", ""), HasSubstr("not for a WebSocket"));
  EXPECT_THAT(with("Connection", "Sec-WebSocket-Extensions: x\r\nConnection"),
              HasSubstr("extension"));
}

// --- Frames.

TEST(WebSocketFrame, ReadsTheExamplesOfTheStandard) {
  // RFC 6455 s5.7: a masked "Hello".
  const uint8_t masked[] = {0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
  const WebSocketHeaderParse parse = ParseWebSocketHeader(masked);
  ASSERT_EQ(parse.status, WebSocketHeaderParse::kHeader);
  EXPECT_EQ(parse.header.size_bytes, 6u);
  EXPECT_EQ(parse.header.payload_bytes, 5u);
  std::string text(5, '\0');
  ApplyWebSocketMask(std::span(masked).subspan(6), parse.header.mask, 0,
                     static_cast<uint8_t*>(static_cast<void*>(text.data())));
  EXPECT_EQ(text, "Hello");
  for (size_t size = 0; size < 6; ++size) {
    EXPECT_EQ(ParseWebSocketHeader(std::span(masked).first(size)).status,
              WebSocketHeaderParse::kNeedMore);
  }
  const uint8_t long_one[] = {0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0};
  EXPECT_EQ(ParseWebSocketHeader(long_one).header.payload_bytes, 65536u);
}

TEST(WebSocketFrame, RefusesWhatIsMalformed) {
  using Frame = std::vector<uint8_t>;
  for (const Frame& frame : {Frame{0xc2, 0x00},                     // Reserved bit.
                             Frame{0x83, 0x00},                     // Reserved opcodes.
                             Frame{0x8b, 0x00}, Frame{0x09, 0x00},  // A ping in pieces.
                             Frame{0x89, 0x7e, 0x00, 0x80},         // A long ping.
                             Frame{0x82, 0x7e, 0x00, 0x7d},         // Not the shortest.
                             Frame{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
                             Frame{0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0}}) {  // 64 bits.
    EXPECT_EQ(ParseWebSocketHeader(frame).status, WebSocketHeaderParse::kMalformed);
  }
}

TEST(WebSocketFrame, MasksAtEveryPhaseAndLength) {
  const WebSocketMask mask = {1, 2, 3, 4};
  for (size_t size = 0; size < 40; ++size) {
    for (uint64_t phase = 0; phase < 9; ++phase) {
      std::vector<uint8_t> bytes(size);
      for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 37);
      std::vector<uint8_t> out(size);
      ApplyWebSocketMask(bytes, mask, phase, out.data());
      for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(out[i], bytes[i] ^ mask[(phase + i) % 4]) << size << " " << phase << " " << i;
      }
    }
  }
}

// --- Both ends.

std::unique_ptr<WebSocketServerLayer> MakeServer() {
  static const UpgradeRules rules;
  return std::make_unique<WebSocketServerLayer>(rules);
}

class Ends {
 public:
  explicit Ends(size_t piece) : piece_(piece) {
    client_->Start(to_server_);
    Exchange();
  }
  void Exchange() {
    while (!to_server_.empty() || !to_client_.empty()) {
      Move(to_server_, *server_, at_server_, to_client_);
      Move(to_client_, *client_, at_client_, to_server_);
    }
  }
  void Move(ByteVector& from, Layer& to, ByteVector& up, ByteVector& back) const {
    const std::string bytes = Text(from);
    from.Clear();
    for (size_t at = 0; at < bytes.size(); at += piece_) {
      to.Receive(Bytes(std::string_view(bytes).substr(at, piece_)), up, back);
    }
  }

  const size_t piece_;
  base::Random random_{7};
  std::unique_ptr<WebSocketServerLayer> server_ = MakeServer();
  WebSocketClientLayer client_layer_{
      {.host = "h", .path = "/mqtt", .key = std::string(kKey)},
      [this] { return static_cast<uint32_t>(random_.Below(1u << 31)); }};
  Layer* client_ = &client_layer_;
  ByteVector to_server_, to_client_, at_server_, at_client_;
};

TEST(WebSocketLayer, CarriesBytesBothWaysHoweverTheyAreCut) {
  for (const size_t piece : {1, 2, 3, 7, 100, 1'000'000}) {
    Ends ends(piece);
    ASSERT_EQ(ends.client_->state(), LayerState::kOpen) << ends.client_->error();
    ASSERT_EQ(ends.server_->state(), LayerState::kOpen) << ends.server_->error();
    std::string all;
    for (const size_t size : {1, 125, 126, 127, 65535, 65536, 70000}) {
      const std::string bytes(size, static_cast<char>('a' + size % 26));
      all += bytes;
      ends.client_->Send(Bytes(bytes), ends.to_server_);
      ends.server_->Send(Bytes(bytes), ends.to_client_);
    }
    ends.Exchange();
    EXPECT_EQ(Text(ends.at_server_), all);
    EXPECT_EQ(Text(ends.at_client_), all);
    PeerFacts facts;
    ends.server_->Describe(facts);
    EXPECT_TRUE(facts.websocket.used);
    EXPECT_EQ(facts.websocket.path, "/mqtt");
    ends.client_->Close(ends.to_server_);
    ends.Exchange();
    EXPECT_EQ(ends.server_->state(), LayerState::kEnded);
    EXPECT_EQ(ends.client_->state(), LayerState::kEnded);
  }
}

TEST(WebSocketLayer, SaysWhyItCloses) {
  for (const auto& [cause, code] :
       {std::pair(CloseCause::kNormal, 1000), std::pair(CloseCause::kGoingAway, 1001),
        std::pair(CloseCause::kProtocolError, 1002), std::pair(CloseCause::kPolicy, 1008)}) {
    Ends ends(1000);
    ASSERT_EQ(ends.server_->state(), LayerState::kOpen);
    // Through a layer that stood in for it until the first bytes were there.
    std::vector<std::unique_ptr<Layer>> layers;
    layers.push_back(std::make_unique<SniffLayer>(
        [&](Sniffed) -> std::unique_ptr<Layer> { return std::move(ends.server_); }));
    LayerStack stack(std::move(layers));
    ByteVector up;
    ByteVector down;
    stack.Start(down);
    // An empty ping, masked with zeros: anything, for the layer to be chosen.
    stack.Receive(Bytes(std::string("\x89\x80\0\0\0\0", 6)), up, down);
    down.Clear();
    stack.Close(down, cause);
    EXPECT_EQ(Text(down), std::string("\x88\x02", 2) + static_cast<char>(code >> 8) +
                              static_cast<char>(code & 0xff));
  }
}

// A server that is open, to be given frames by hand.
struct OpenServer {
  OpenServer() {
    server->Receive(Bytes(Head()), up, down);
    EXPECT_EQ(server->state(), LayerState::kOpen);
    down.Clear();
  }
  void Give(WebSocketOpcode opcode, std::string_view payload, bool fin = true) {
    ByteVector frame;
    AppendWebSocketFrame(opcode, Bytes(payload), WebSocketMask{9, 8, 7, 6}, frame);
    std::string bytes = Text(frame);
    if (!fin) bytes[0] = static_cast<char>(bytes[0] & 0x7f);
    server->Receive(Bytes(bytes), up, down);
  }
  std::unique_ptr<WebSocketServerLayer> server = MakeServer();
  ByteVector up, down;
};

TEST(WebSocketLayer, PutsFragmentsTogetherWithPingsInBetween) {
  OpenServer open;
  open.Give(WebSocketOpcode::kBinary, "one ", false);
  open.Give(WebSocketOpcode::kPing, "are you there");
  open.Give(WebSocketOpcode::kContinuation, "two ", false);
  open.Give(WebSocketOpcode::kPong, "unasked");
  open.Give(WebSocketOpcode::kContinuation, "", false);
  open.Give(WebSocketOpcode::kContinuation, "three");
  EXPECT_EQ(Text(open.up), "one two three");
  EXPECT_EQ(Text(open.down),
            "\x8a\x0d"
            "are you there");
  EXPECT_EQ(open.server->state(), LayerState::kOpen);
}

TEST(WebSocketLayer, SendsNoFrameForNothing) {
  OpenServer open;
  open.server->Send({}, open.down);
  EXPECT_TRUE(open.down.empty());
}

TEST(WebSocketLayer, AnswersAFloodOfPingsWithOnePong) {
  OpenServer open;
  ByteVector flood;
  for (int i = 0; i < 1000; ++i) {
    AppendWebSocketFrame(WebSocketOpcode::kPing, Bytes("x"), WebSocketMask{}, flood);
  }
  open.server->Receive(flood.bytes(), open.up, open.down);
  EXPECT_EQ(Text(open.down), "\x8a\x01x");
}

TEST(WebSocketLayer, EndsWithACloseFrameAndTheSameCode) {
  OpenServer open;
  open.Give(WebSocketOpcode::kClose, std::string("\x03\xe9going away", 12));
  EXPECT_EQ(open.server->state(), LayerState::kEnded);
  EXPECT_EQ(Text(open.down), std::string("\x88\x02\x03\xe9", 4));
  open.Give(WebSocketOpcode::kBinary, "after the end");
  EXPECT_TRUE(open.up.empty());
}

TEST(WebSocketLayer, RefusesWhatAPeerMustNotSend) {
  struct Case {
    WebSocketOpcode opcode;
    std::string payload;
    uint16_t code;
    std::string why;
  };
  for (const Case& one : std::initializer_list<Case>{
           {WebSocketOpcode::kText, "hello", 1003, "text frame"},
           {WebSocketOpcode::kContinuation, "x", 1002, "continuation of nothing"},
           {WebSocketOpcode::kClose, "x", 1002, "half a close code"},
           {WebSocketOpcode::kClose, std::string("\x03\xed", 2), 1002, "close code"},
           {WebSocketOpcode::kClose, std::string("\x03\xe8\xc3(", 4), 1007, "no UTF-8"}}) {
    OpenServer open;
    open.Give(one.opcode, one.payload);
    EXPECT_EQ(open.server->state(), LayerState::kFailed);
    EXPECT_THAT(std::string(open.server->error()), HasSubstr(one.why));
    const std::string close = {'\x88', '\x02', static_cast<char>(one.code >> 8),
                               static_cast<char>(one.code)};
    EXPECT_EQ(Text(open.down), close);
    EXPECT_TRUE(open.up.empty());
  }
  OpenServer nested;
  nested.Give(WebSocketOpcode::kBinary, "x", false);
  nested.Give(WebSocketOpcode::kBinary, "y");
  EXPECT_THAT(std::string(nested.server->error()), HasSubstr("within another"));
  OpenServer unmasked;
  unmasked.server->Receive(Bytes("\x82\x01x"), unmasked.up, unmasked.down);
  EXPECT_THAT(std::string(unmasked.server->error()), HasSubstr("not masked"));
  OpenServer reserved;
  reserved.server->Receive(Bytes("\xc2"), reserved.up, reserved.down);
  EXPECT_THAT(std::string(reserved.server->error()), HasSubstr("reserved bits"));
}

TEST(WebSocketLayer, AClientTakesNoMaskedFrames) {
  Ends ends(100);
  ByteVector frame;
  AppendWebSocketFrame(WebSocketOpcode::kBinary, Bytes("x"), WebSocketMask{}, frame);
  ends.client_->Receive(frame.bytes(), ends.at_client_, ends.to_server_);
  EXPECT_EQ(ends.client_->state(), LayerState::kFailed);
}

TEST(WebSocketLayer, BoundsAHeadWithoutEnd) {
  const auto server = MakeServer();
  ByteVector up, down;
  const std::string endless = "GET /mqtt HTTP/1.1\r\nA: " + std::string(kHttpHeadBytesMax, 'a');
  for (size_t at = 0; at < endless.size(); at += 1000) {
    server->Receive(Bytes(std::string_view(endless).substr(at, 1000)), up, down);
  }
  EXPECT_EQ(server->state(), LayerState::kFailed);
  EXPECT_THAT(Text(down), StartsWith("HTTP/1.1 431 "));
  EXPECT_TRUE(up.empty());
}

TEST(WebSocketLayer, SurvivesWhateverComes) {
  base::Random random(42);
  ByteVector frames;
  for (const auto opcode : {WebSocketOpcode::kBinary, WebSocketOpcode::kPing,
                            WebSocketOpcode::kBinary, WebSocketOpcode::kClose}) {
    AppendWebSocketFrame(opcode, Bytes("\x03\xe8 some payload"), WebSocketMask{1, 2, 3, 4}, frames);
  }
  const std::string good = Head() + Text(frames);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    for (uint64_t i = random.Below(4); i-- > 0;) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    const auto server = MakeServer();
    ByteVector up, down;
    for (size_t at = 0; at < bytes.size();) {
      const size_t piece = 1 + random.Below(60);
      server->Receive(Bytes(std::string_view(bytes).substr(at, piece)), up, down);
      at += piece;
    }
    ASSERT_LE(up.bytes().size(), bytes.size());
    ASSERT_LE(down.bytes().size(), bytes.size() + 400);
    if (server->state() == LayerState::kFailed) {
      ASSERT_LE(server->error().size(), 200u);
    }
  }
}

TEST(WebSocketClient, NamesTheHostAsHttpWantsIt) {
  EXPECT_EQ(HostField("broker.example", 80, false), "broker.example");
  EXPECT_EQ(HostField("broker.example", 443, true), "broker.example");
  EXPECT_EQ(HostField("broker.example", 443, false), "broker.example:443");
  EXPECT_EQ(HostField("::1", 8083, false), "[::1]:8083");
}

TEST(WebSocketClient, HasKeyAndMasksOfItsOwn) {
  const auto offer_of = [](uint64_t seed) {
    ByteVector said;
    MakeWebSocketClient({.host = "h"}, seed)->Start(said);
    return std::string(said.bytes().begin(), said.bytes().end());
  };
  EXPECT_NE(offer_of(1), offer_of(2));
  EXPECT_EQ(offer_of(1), offer_of(1));
}

}  // namespace
}  // namespace ringmq::transport
