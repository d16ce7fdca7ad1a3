// Options that MakeClient() refuses, each with its name.
//
// SPDX-License-Identifier: Apache-2.0
#include "client/check_options.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>

namespace ringmq::client {
namespace {

using ::testing::StartsWith;

std::string Complaint(const std::function<void(Options&)>& spoil) {
  Options options = *Options::FromUrl("mqtt://broker.example");
  spoil(options);
  const Expected<void> checked = CheckOptions(options);
  const auto made = MakeClient(options);
  EXPECT_EQ(checked.ok(), made.ok());
  if (checked.ok()) return "";
  EXPECT_EQ(made.error().code(), Errc::kInvalidArgument);
  return checked.error().detail();
}

// What would go into a request to a proxy, or end a Host header.
const std::string kNoHosts[] = {"a\r\nEvil: 1\r\nb",
                                std::string("a\0b", 3),
                                "a b",
                                "a\tb",
                                "a/b",
                                "me@a",
                                "a?b",
                                "a#b",
                                "a\\b",
                                "<a>",
                                "a\x7f",
                                "\xc3\xa4",
                                "[::1]",
                                std::string(256, 'a')};

TEST(CheckOptions, RefusesHostsThatAreNone) {
  for (const std::string& host : kNoHosts) {
    for (const Transport transport : {Transport::kTcp, Transport::kWebSocket}) {
      EXPECT_THAT(Complaint([&](Options& options) {
                    options.servers = {{.transport = transport, .host = host}};
                  }),
                  StartsWith("servers: a host"))
          << host;
    }
    EXPECT_THAT(Complaint([&](Options& options) {
                  options.proxy = {.kind = ProxyKind::kHttpConnect, .host = host, .port = 1};
                }),
                StartsWith("proxy: a host"))
        << host;
  }
}

TEST(CheckOptions, TakesNamesAndAddresses) {
  for (const char* host : {"localhost", "a-b_c.example.", "127.0.0.1", "::1", "fe80::1%eth0"}) {
    EXPECT_EQ(Complaint([&](Options& options) { options.servers = {{.host = host}}; }), "");
  }
  EXPECT_EQ(Complaint([](Options& options) {
              options.servers = {{.transport = Transport::kUnix, .host = "/run/my broker/a@b"}};
            }),
            "");
}

TEST(CheckOptions, RefusesPathsThatEndTheRequest) {
  for (const char* path : {"", "mqtt", "/a b", "/a\r\nEvil: 1", "/\xc3\xa4"}) {
    EXPECT_THAT(
        Complaint([&](Options& options) {
          options.servers = {{.transport = Transport::kWebSocket, .host = "h", .path = path}};
        }),
        StartsWith("servers: a path"));
  }
}

TEST(CheckOptions, RefusesUrlsWithSuchHosts) {
  for (const char* url : {"mqtt://a%0d%0aEvil/", "ws://a%20b/mqtt", "mqtt://a%2fb", "mqtt://[a\r]",
                          "mqtt://h?proxy=http://p%250d%250a:1"}) {
    EXPECT_FALSE(Options::FromUrl(url).ok()) << url;
  }
}

TEST(CheckOptions, RefusesWhatNoSocketCanBeBoundTo) {
  for (const char* address : {"junk", "localhost", "1.2.3", "127.0.0.1:80", "::1%lo"}) {
    EXPECT_THAT(Complaint([&](Options& options) { options.socket.bind_address = address; }),
                StartsWith("socket.bind_address: "));
  }
  for (const char* device : {"a-device-with-a-long-name", "a b", "a/b"}) {
    EXPECT_THAT(Complaint([&](Options& options) { options.socket.bind_device = device; }),
                StartsWith("socket.bind_device: "));
  }
  EXPECT_EQ(Complaint([](Options& options) {
              options.socket = {.bind_address = "::1", .bind_device = "exactly15letter"};
            }),
            "");
}

TEST(CheckOptions, RefusesUserPropertiesThatAreNoText) {
  EXPECT_EQ(Complaint([](Options& options) {
              options.connect_user_properties = {{"k", "\xff"}};
            }),
            "connect_user_properties: a user property is not UTF-8");
  EXPECT_THAT(Complaint([](Options& options) {
                options.connect_user_properties.assign(1025, {"k", "v"});
              }),
              StartsWith("connect_user_properties: more than 1024"));
}

}  // namespace
}  // namespace ringmq::client
