// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ringmq/client.h"

namespace ringmq {
namespace {

using ::testing::HasSubstr;

TEST(Url, NamesHostPortAndLogin) {
  const auto options = Options::FromUrl("mqtt://us%40er:p%3a%2fw@broker.example:1884/");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->servers.front().host, "broker.example");
  EXPECT_EQ(options->servers.front().port, 1884);
  EXPECT_EQ(options->username, "us@er");
  EXPECT_EQ(options->password, "p:/w");
  EXPECT_TRUE(options->has_password);
}

TEST(Url, TakesAddressesPathsAndSchemes) {
  EXPECT_EQ(Options::FromUrl("mqtt://[::1]:1883")->servers.front().host, "::1");
  EXPECT_EQ(Options::FromUrl("mqtts://h")->servers.front().transport, Transport::kTls);
  const Endpoint web = Options::FromUrl("wss://h:444/a/b?keep_alive=5")->servers.front();
  EXPECT_EQ(web.transport, Transport::kWebSocketTls);
  EXPECT_EQ(web.path, "/a/b");
  EXPECT_EQ(Options::FromUrl("ws://h")->servers.front().path, "/mqtt");
  const Endpoint path = Options::FromUrl("unix:///run/mqtt.sock")->servers.front();
  EXPECT_EQ(path.transport, Transport::kUnix);
  EXPECT_EQ(path.host, "/run/mqtt.sock");
  EXPECT_EQ(Options::FromUrl("unix:@abstract")->servers.front().host, "@abstract");
}

TEST(Url, TakesSchemesInLettersOfAnySize) {  // RFC 3986 section 3.1
  EXPECT_EQ(Options::FromUrl("MQTT://H")->servers.front().host, "H");
  EXPECT_EQ(Options::FromUrl("Wss://h")->servers.front().transport, Transport::kWebSocketTls);
  EXPECT_EQ(Options::FromUrl("UNIX:/run/Mqtt")->servers.front().host, "/run/Mqtt");
  const auto proxied = Options::FromUrl("mqtt://h?proxy=HTTPS%3A%2F%2Fp%3A443");
  ASSERT_TRUE(proxied.ok()) << Describe(proxied.error());
  EXPECT_EQ(proxied->proxy.kind, ProxyKind::kHttpConnect);
  EXPECT_TRUE(proxied->proxy.tls.has_value());
}

TEST(Url, TakesOptionsFromItsQuery) {
  const auto options = Options::FromUrl(
      "mqtt://h?client_id=gw%207&keep_alive=2m&version=3.1.1&session=resume&session_expiry=1h"
      "&connect_timeout=250ms&receive_maximum=7&in_flight=8&will_topic=gone&will_qos=1"
      "&will_retain=true&will_payload=bye&insecure&bind_device=eth0"
      "&proxy=socks5%3A%2F%2Fu%3Ap%40proxy%3A1080");
  ASSERT_TRUE(options.ok()) << Describe(options.error());
  EXPECT_EQ(options->client_id, "gw 7");
  EXPECT_EQ(options->keep_alive_s, 120);
  EXPECT_EQ(options->version, ProtocolVersion::kV311);
  EXPECT_EQ(options->session, SessionStart::kResume);
  EXPECT_EQ(options->session_expiry_s, 3600u);
  EXPECT_EQ(options->connect_timeout.count(), 250);
  EXPECT_EQ(options->receive_maximum, 7);
  EXPECT_EQ(options->in_flight_max, 8);
  ASSERT_TRUE(options->will.has_value());
  EXPECT_EQ(options->will->topic, "gone");
  EXPECT_EQ(options->will->payload, "bye");
  EXPECT_EQ(options->will->qos, Qos::kAtLeastOnce);
  EXPECT_TRUE(options->will->retain);
  EXPECT_FALSE(options->tls.verify);
  EXPECT_EQ(options->socket.bind_device, "eth0");
  EXPECT_EQ(options->proxy.kind, ProxyKind::kSocks5);
  EXPECT_EQ(options->proxy.host, "proxy");
  EXPECT_EQ(options->proxy.password, "p");
}

TEST(Url, TakesAProxyThatSpeaksTls) {
  const auto options = Options::FromUrl(
      "mqtts://broker?proxy=https%3A%2F%2Fproxy%3A443&proxy_ca=%2Fca.pem&proxy_insecure=true");
  ASSERT_TRUE(options.ok()) << options.error().detail();
  EXPECT_EQ(options->proxy.kind, ProxyKind::kHttpConnect);
  EXPECT_EQ(options->proxy.port, 443);
  ASSERT_TRUE(options->proxy.tls.has_value());
  EXPECT_EQ(options->proxy.tls->ca_file, "/ca.pem");
  EXPECT_FALSE(options->proxy.tls->verify);
  EXPECT_EQ(options->tls.ca_file, "");
  EXPECT_TRUE(options->tls.verify);
}

TEST(Url, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"localhost", "an example: mqtt://localhost:1883"},
      {"http://h", "expected mqtt, mqtts, ws, wss or unix"},
      {"mqtt://", "a host is needed"},
      {"unix://", "a path is needed"},
      {"mqtt://h:0", "expected 1 to 65535"},
      {"mqtt://h:70000", "expected 1 to 65535"},
      {"mqtt://h:x", "expected 1 to 65535"},
      {"mqtt://[::1", "ends with ']'"},
      {"mqtt://[::1]x", "after ']'"},
      {"mqtt://a%4@h", "two hex digits"},
      {"mqtt://h/path", "only WebSocket URLs have a path"},
      {"mqtt://h?keepalive=3", "did you mean 'keep_alive'"},
      {"mqtt://h?keep_alive=70000", "keep_alive=70000: expected a time"},
      {"mqtt://h?version=6", "version=6: expected 3"},
      {"mqtt://h?will_qos=3", "expected 0, 1 or 2"},
      {"mqtt://h?proxy=ftp://x:1", "expected http://host:port"},
      {"mqtt://h?proxy=http://x:1&proxy_ca=/a", "after proxy=https://"},
      {"mqtt://h?proxy_insecure=1", "after proxy=https://"},
      {"mqtt://h?proxy_protocol=3", "expected 1 or 2"},
      {"mqtt://h?proxy_protocol=1&proxy_source=192.0.2.7", "expected an IP address and a port"},
      {"mqtt://h?proxy_source=[::1:5", "expected an IP address and a port"},
      {"mqtt://h?receive_maximum=0", "1 to 65535"},
  };
  for (const auto& [url, why] : cases) {
    const auto options = Options::FromUrl(url);
    ASSERT_FALSE(options.ok()) << url;
    EXPECT_EQ(options.error().code(), Errc::kInvalidArgument);
    EXPECT_THAT(options.error().detail(), HasSubstr(why)) << url;
  }
}

TEST(Options, AreCheckedBeforeAnythingIsTried) {
  const auto why = [](auto change) {
    Options options = *Options::FromUrl("mqtt://127.0.0.1");
    change(options);
    const auto made = MakeClient(std::move(options));
    return made.ok() ? std::string("made") : made.error().detail();
  };
  EXPECT_THAT(why([](Options&) {}), "made");
  EXPECT_THAT(why([](Options& o) { o.servers.clear(); }), HasSubstr("servers"));
  EXPECT_THAT(why([](Options& o) {
                o.servers[0].transport = Transport::kWebSocket;
                o.servers[0].path = "mqtt";
              }),
              HasSubstr("path"));
  EXPECT_THAT(why([](Options& o) { o.client_id = "\xff"; }), HasSubstr("client_id"));
  EXPECT_THAT(why([](Options& o) { o.receive_maximum = 0; }), HasSubstr("receive_maximum"));
  EXPECT_THAT(why([](Options& o) { o.will = WillMessage{.topic = "a/#"}; }), HasSubstr("will"));
  EXPECT_THAT(why([](Options& o) {
                o.version = ProtocolVersion::kV311;
                o.has_password = true;
              }),
              HasSubstr("password"));
  EXPECT_THAT(why([](Options& o) {
                o.version = ProtocolVersion::kV311;
                o.session = SessionStart::kResume;
              }),
              HasSubstr("client_id"));
}

}  // namespace
}  // namespace ringmq
