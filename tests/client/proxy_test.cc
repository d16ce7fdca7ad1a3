// SPDX-License-Identifier: Apache-2.0
#include "client/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmq::client {
namespace {

using ::testing::HasSubstr;
using Progress = ProxyHandshake::Progress;

ProxyOptions Http() { return {.kind = ProxyKind::kHttpConnect, .host = "proxy", .port = 3128}; }
ProxyOptions Socks() { return {.kind = ProxyKind::kSocks5, .host = "proxy", .port = 1080}; }
ProxyOptions WithLogin(ProxyOptions options) {
  options.username = "user";
  options.password = "pass";
  return options;
}

TEST(HttpProxy, AsksAndLeavesTheServersBytes) {
  ProxyHandshake proxy(WithLogin(Http()), "broker", 1883);
  EXPECT_EQ(proxy.TakeOutput(),
            "CONNECT broker:1883 HTTP/1.1\r\nHost: broker:1883\r\n"
            "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
  const std::string answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
  size_t consumed = 0;
  EXPECT_EQ(proxy.OnBytes(answer + "MQTT", &consumed), Progress::kDone);
  EXPECT_EQ(consumed, answer.size());
}

TEST(HttpProxy, ReadsAnAnswerInPieces) {
  ProxyHandshake proxy(Http(), "::1", 1);
  EXPECT_THAT(proxy.TakeOutput(), HasSubstr("CONNECT [::1]:1 "));
  const std::string answer = "HTTP/1.0 200 OK\r\n\r\n";
  for (size_t i = 0; i < answer.size(); ++i) {
    size_t consumed = 0;
    const Progress progress = proxy.OnBytes(answer.substr(i, 1), &consumed);
    EXPECT_EQ(progress, i + 1 < answer.size() ? Progress::kNeedMore : Progress::kDone);
  }
}

TEST(HttpProxy, TellsWhyItRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user name"},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", "502 Bad Gateway"},
      {"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP response"},
  };
  for (const auto& [answer, why] : cases) {
    ProxyHandshake proxy(Http(), "broker", 1883);
    size_t consumed = 0;
    EXPECT_EQ(proxy.OnBytes(answer, &consumed), Progress::kFailed);
    EXPECT_EQ(proxy.error().code(), Errc::kProxyRefused);
    EXPECT_THAT(proxy.error().detail(), HasSubstr(why));
  }
}

TEST(HttpProxy, BoundsTheAnswer) {
  ProxyHandshake proxy(Http(), "broker", 1883);
  size_t consumed = 0;
  EXPECT_EQ(proxy.OnBytes(std::string(9000, 'x'), &consumed), Progress::kFailed);
  EXPECT_THAT(proxy.error().detail(), HasSubstr("too long"));
}

TEST(SocksProxy, AsksByNameAndByAddress) {
  using namespace std::string_literals;
  const std::pair<const char*, std::string> cases[] = {
      {"broker", "\x05\x01\x00\x03\x06"s + "broker\x07\x5b"},
      {"127.0.0.1", "\x05\x01\x00\x01\x7f\x00\x00\x01\x07\x5b"s},
      {"::1", "\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x07\x5b"},
  };
  for (const auto& [host, request] : cases) {
    ProxyHandshake proxy(Socks(), host, 1883);
    EXPECT_EQ(proxy.TakeOutput(), "\x05\x01\x00"s);
    size_t consumed = 0;
    EXPECT_EQ(proxy.OnBytes("\x05\x00"s, &consumed), Progress::kNeedMore);
    EXPECT_EQ(proxy.TakeOutput(), request);
    const std::string reply = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;
    EXPECT_EQ(proxy.OnBytes(reply + "MQTT", &consumed), Progress::kDone);
    EXPECT_EQ(consumed, reply.size());
  }
}

TEST(SocksProxy, LogsIn) {
  using namespace std::string_literals;
  ProxyHandshake proxy(WithLogin(Socks()), "broker", 1883);
  EXPECT_EQ(proxy.TakeOutput(), "\x05\x02\x00\x02"s);
  size_t consumed = 0;
  EXPECT_EQ(proxy.OnBytes("\x05\x02"s, &consumed), Progress::kNeedMore);
  EXPECT_EQ(proxy.TakeOutput(), "\x01\x04user\x04pass"s);
  EXPECT_EQ(proxy.OnBytes("\x01\x00"s, &consumed), Progress::kNeedMore);
  EXPECT_FALSE(proxy.TakeOutput().empty());
}

TEST(SocksProxy, TellsWhyItRefused) {
  using namespace std::string_literals;
  const std::pair<std::string, const char*> cases[] = {
      {"\x05\xff"s, "none of our ways"},
      {"\x04\x00"s, "not a SOCKS5"},
      {"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s, "connection refused"},
      {"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"s, "not allowed"},
      {"\x05\x00\x05\x00\x00\x09\x00\x00\x00\x00\x00\x00"s, "unknown address type"},
  };
  for (const auto& [answer, why] : cases) {
    ProxyHandshake proxy(Socks(), "broker", 1883);
    size_t consumed = 0;
    EXPECT_EQ(proxy.OnBytes(answer, &consumed), Progress::kFailed);
    EXPECT_THAT(proxy.error().detail(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace ringmq::client
