// SPDX-License-Identifier: Apache-2.0
#include "exporter.h"

#include <gmock/gmock.h>

#include "absl/strings/ascii.h"
#include "http.h"
#include "onlooker.h"
#include "settings.h"

namespace ringmq::bench {
namespace {

using ::testing::HasSubstr;

TEST(MetricsAddress, IsOneIfItEndsWithAPortAndHasNoSlash) {
  const auto text_of = [](const char* text) {
    const auto address = MetricsAddress(text);
    return address ? address->host + " " + std::to_string(address->port) : "none";
  };
  EXPECT_EQ(text_of(":9300"), "0.0.0.0 9300");
  EXPECT_EQ(text_of("127.0.0.1:0"), "127.0.0.1 0");
  EXPECT_EQ(text_of("some.host:65535"), "some.host 65535");
  EXPECT_EQ(text_of("[::1]:80"), "::1 80");
  for (const char* const file : {"", "-", "run.prom", "a:b", "run:", "run:80x", "run:-1", "./x:80",
                                 "run:65536", "/tmp/run:80"}) {
    EXPECT_EQ(text_of(file), "none") << file;
  }
}

TEST(MetricsAddress, WhatEndsAsOneAndIsNoneIsNoFileEither) {
  for (const char* const text : {":", ":99999", "run:", "run:65536"}) {
    EXPECT_THAT(WhyNoMetricsTarget(text), HasSubstr("is no port")) << text;
  }
  for (const char* const text : {":0", "run.prom", "a:b", "run:80x", "./x:", "./:99999", "-"}) {
    EXPECT_EQ(WhyNoMetricsTarget(text), "") << text;
  }
}

TEST(Exporter, ServesBeforeTheRunBegins) {
  Exporter exporter;
  testing::internal::CaptureStderr();
  ASSERT_TRUE(exporter.Bind({.host = "127.0.0.1", .port = 0}).ok());
  const std::string said = testing::internal::GetCapturedStderr();
  const std::string url(absl::StripAsciiWhitespace(said.substr(said.find("http://"))));
  Settings settings;
  settings.command = "pub";
  settings.exporter = &exporter;
  ASSERT_TRUE(MakeWatchers(settings).ok());
  EXPECT_THAT(HttpGet(url).value_or("none"),
              HasSubstr("mqtt_bench_sent_total{scenario=\"pub\"} 0\n"));
  exporter.Publish("of_the_run_before 1\n");
  ASSERT_TRUE(MakeWatchers(settings).ok());
  EXPECT_EQ(HttpGet(url).value_or("none"), "of_the_run_before 1\n");
}

TEST(LiveMetrics, HaveCountersOfAllDigitsAndTheLastSecond) {
  report::Second second;
  second.response_p99_ns = 2'500'000;
  second.broker_rss_bytes = 4096;
  load::Tick tick;
  tick.phase = load::Phase::kMeasure;
  tick.sent = 123'456'789'012;
  tick.failed = 1;
  tick.dropped = 2;
  tick.seconds = {&second, 1};
  const std::string page = LiveMetrics("pub\"sub", tick);
  const std::string label = "{scenario=\"pub\\\"sub\"";
  EXPECT_THAT(page, HasSubstr("# TYPE mqtt_bench_sent_total counter\nmqtt_bench_sent_total" +
                              label + "} 123456789012\n"));
  EXPECT_THAT(page, HasSubstr("mqtt_bench_errors_total" + label + "} 3\n"));
  EXPECT_THAT(page, HasSubstr("mqtt_bench_measuring" + label + "} 1\n"));
  EXPECT_THAT(page, HasSubstr("mqtt_bench_broker_memory_bytes" + label + "} 4096\n"));
  EXPECT_THAT(page, HasSubstr("latency_seconds" + label +
                              ",metric=\"response\",quantile=\"0.99\"} 0.0025\n"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("quantile=\"0.5\"")));  // It was not measured.
}

TEST(HttpPage, ServesWhatItIsToldUntilItEnds) {
  std::string url;
  {
    HttpPage page([] { return std::string("one 1\n"); });
    const absl::StatusOr<uint16_t> port = page.Bind("127.0.0.1", 0);
    ASSERT_TRUE(port.ok()) << port.status();
    url = "http://127.0.0.1:" + std::to_string(*port);
    HttpPage other([] { return std::string(); });
    EXPECT_FALSE(other.Bind("127.0.0.1", *port).ok());
    page.Start();
    EXPECT_EQ(HttpGet(url + "/metrics").value_or("none"), "one 1\n");
    EXPECT_THAT(HttpGet(url).status().message(), HasSubstr("404"));
  }
  EXPECT_THAT(HttpGet(url + "/metrics").status().message(), HasSubstr("no answer"));
}

TEST(HttpPage, EndsAtOnceAlsoIfNobodyAsked) {
  HttpPage idle([] { return std::string(); });
  ASSERT_TRUE(idle.Bind("127.0.0.1", 0).ok());
  HttpPage begun([] { return std::string(); });
  ASSERT_TRUE(begun.Bind("127.0.0.1", 0).ok());
  begun.Start();
}

TEST(HttpUrl, NeedsASchemeAndAHost) {
  EXPECT_TRUE(CheckHttpUrl("http://127.0.0.1:9090/metrics").ok());
  EXPECT_TRUE(CheckHttpUrl("https://example.com").ok());
  for (const char* const text : {"", "127.0.0.1:9090", "ftp://there/x", "http://", "http://a:b/"}) {
    EXPECT_FALSE(CheckHttpUrl(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ringmq::bench
