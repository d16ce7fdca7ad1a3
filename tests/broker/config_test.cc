// SPDX-License-Identifier: Apache-2.0
#include "broker/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <type_traits>
#include <variant>

#include "broker/config_default.h"
#include "broker/config_fields.h"
#include "broker/config_file.h"
#include "broker/limits.h"
#include "broker/nearest_name.h"
#include "broker/temporary_file.h"

namespace ringmq::broker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string ErrorOf(std::string_view text) {
  const auto config = ParseConfig("test.toml", text);
  return config.ok() ? "no error" : std::string(config.status().message());
}

TEST(Config, DefaultIsValid) { EXPECT_TRUE(Validate(Config{}).ok()); }

TEST(Config, EmptyFileMeansDefaults) {
  const auto config = ParseConfig("test.toml", "");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*config, Config{});
}

TEST(Config, PrintedDefaultParsesBackToTheDefault) {
  const auto config = ParseConfig("default.toml", DefaultConfigText());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(*config, Config{});
}

uint64_t LastStep(const ConfigField<Config>& field) {
  return field.choices.empty() ? 1 : field.choices.size() - 1;
}

// Step by step: a number's least and largest value, each choice, each flag, two strings.
template <typename Value>
void SetTo(uint64_t step, const ConfigField<Config>& field, Value& value) {
  if constexpr (std::is_same_v<Value, std::string>) {
    value = step == 0 ? "" : "odd \"path\"\\ \t\x7f \u00e4";
  } else if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, uint8_t>) {
    value = static_cast<Value>(step);
  } else {
    value = static_cast<Value>(step == 0 ? field.value_min : field.value_max);
  }
}

// Moves the partners of limits that were set to an extreme, so that they agree again.
void Reconcile(const Config& defaults, LimitsConfig& limits) {
  if (limits.packet_size_bytes_max != defaults.limits.packet_size_bytes_max) {
    limits.packet_size_bytes_max_before_connect = limits.packet_size_bytes_max;
  }
  if (limits.output_bytes_max != defaults.limits.output_bytes_max) {
    limits.output_bytes_high_mark = limits.output_bytes_max;
  }
  limits.output_bytes_max = std::max(limits.output_bytes_max, limits.output_bytes_high_mark);
}

TEST(Config, EveryLegalValueOfEveryKeySurvivesPrintingAndParsing) {
  for (const ConfigSection& section : ConfigSections()) {
    for (const auto& field : section.fields) {
      for (uint64_t step = 0; step <= LastStep(field); ++step) {
        Config config;
        std::visit([&](auto slot) { SetTo(step, field, *slot(config)); }, field.slot);
        Reconcile(Config{}, config.limits);
        const auto parsed = ParseConfig("test.toml", AnnotatedConfigText(config));
        ASSERT_TRUE(parsed.ok()) << section.name << '.' << field.name << ' ' << parsed.status();
        EXPECT_EQ(*parsed, config) << section.name << '.' << field.name;
      }
    }
  }
}

TEST(Config, ListenersAndUsersSurvivePrintingAndParsing) {
  Config config;
  config.listeners = {
      {.address = "::1", .port = 0},
      {.address = "0.0.0.0", .port = 65535, .allow_anonymous = AllowAnonymous::kAlways}};
  config.users = {{.name = "ann", .password_hash = "", .password = "p"},
                  {.name = "b\"ob", .password_hash = "", .password = "q\\"}};
  const auto parsed = ParseConfig("test.toml", AnnotatedConfigText(config));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, config);
}

TEST(Config, EveryNumberOneOutsideItsRangeIsRefusedWithTheRange) {
  for (const ConfigSection& section : ConfigSections()) {
    for (const auto& field : section.fields) {
      if (field.value_max == 0) continue;
      const std::string head =
          "[" + std::string(section.name) + "]\n\n" + std::string(field.name) + " = ";
      const std::string where = "test.toml:3: " + std::string(section.name) + "." +
                                std::string(field.name) + ": expected an integer from ";
      EXPECT_THAT(ErrorOf(head + std::to_string(field.value_max + 1)), HasSubstr(where));
      EXPECT_THAT(ErrorOf(head + std::to_string(int64_t(field.value_min) - 1)), HasSubstr(where));
    }
  }
}

TEST(Config, ErrorNamesFileLineKeyExpectedAndFound) {
  EXPECT_EQ(ErrorOf("[limits]\nconnect_timeout_ms = \"soon\"\n"),
            "test.toml:2: limits.connect_timeout_ms: expected an integer from 10 to 600000, "
            "found the string \"soon\"");
  EXPECT_EQ(ErrorOf("[server]\nio = \"kqueue\"\n"),
            "test.toml:2: server.io: expected one of \"auto\", \"uring\", \"epoll\", found the "
            "string \"kqueue\"");
  EXPECT_EQ(ErrorOf("[server]\npin_threads = 1\n"),
            "test.toml:2: server.pin_threads: expected true or false, found 1");
  EXPECT_EQ(ErrorOf("\n[[listeners]]\nport = 65536\n"),
            "test.toml:3: listeners[0].port: expected an integer from 0 to 65535, found 65536");
}

TEST(Config, EveryKindOfValueInTheWrongPlaceIsDescribed) {
  for (const char* value : {"1.5", "true", "[1]", "{a = 1}", "1979-05-27", "\"x\"", "-1"}) {
    EXPECT_THAT(ErrorOf("[server]\nthreads = " + std::string(value)),
                HasSubstr("test.toml:2: server.threads: expected an integer from 0 to 256, "))
        << value;
  }
  EXPECT_THAT(ErrorOf("server = 1"), HasSubstr("expected a table [server], found 1"));
  EXPECT_THAT(ErrorOf("listeners = 1"), HasSubstr("expected tables [[listeners]], found 1"));
  EXPECT_THAT(ErrorOf("listeners = [1]"), HasSubstr("listeners[0]: expected a table, found 1"));
  EXPECT_THAT(ErrorOf("[listeners]\nport = 1"), HasSubstr("expected tables [[listeners]]"));
}

TEST(Config, UnknownKeysAreErrorsWithTheNearestName) {
  EXPECT_EQ(ErrorOf("[limits]\nconect_timeout_ms = 5\n"),
            "test.toml:2: limits: found the unknown key \"conect_timeout_ms\"; did you mean "
            "connect_timeout_ms?");
  EXPECT_THAT(ErrorOf("[limit]\n"), HasSubstr("test.toml:1: top level: found the unknown key "
                                              "\"limit\"; did you mean limits?"));
  EXPECT_THAT(ErrorOf("[[listeners]]\nzzzzzzzz = 5\n"),
              HasSubstr("expected one of address, port, transport, allow_anonymous, "));
}

TEST(Config, SeveralErrorsAreReportedAtOnceButNotWithoutEnd) {
  EXPECT_THAT(ErrorOf("[server]\nthreads = -1\nio = 2\n"),
              AllOf(HasSubstr("server.threads"), HasSubstr("server.io")));
  std::string text = "[server]\n";
  for (int i = 0; i < 1000; ++i) text += "nokey" + std::to_string(i) + " = 1\n";
  const std::string error = ErrorOf(text);
  EXPECT_EQ(size_t(std::count(error.begin(), error.end(), '\n')) + 1, kConfigErrorsMax);
}

TEST(Config, BrokenTomlNamesLineAndColumn) {
  EXPECT_THAT(ErrorOf("[server]\nthreads = \n"), HasSubstr("test.toml:2: expected TOML"));
  EXPECT_THAT(ErrorOf("[server]\nthreads = 1\nthreads = 2\n"), HasSubstr("test.toml:3"));
}

TEST(Config, ContradictingLimitsAreRefused) {
  EXPECT_THAT(ErrorOf("[limits]\npacket_size_bytes_max = 1000\n"),
              HasSubstr("test.toml:1: limits.packet_size_bytes_max_before_connect: expected at "
                        "most packet_size_bytes_max (1000), found 65536"));
  EXPECT_THAT(ErrorOf("[limits]\noutput_bytes_max = 4096\n"),
              HasSubstr("limits.output_bytes_high_mark"));
}

TEST(Config, ImpossibleListenersAreRefused) {
  EXPECT_THAT(ErrorOf("[[listeners]]\naddress = \"localhost\"\n"),
              HasSubstr("listeners[0].address: expected a numeric address"));
  EXPECT_THAT(ErrorOf("[[listeners]]\n[[listeners]]\n"), HasSubstr("listeners[1]: expected an "
                                                                   "address and port of its"));
  EXPECT_EQ(ErrorOf("[[listeners]]\nport = 0\n[[listeners]]\nport = 0\n"), "no error");
  EXPECT_THAT(ErrorOf("listeners = []"), HasSubstr("expected 1 to 64 of them, found 0"));
  EXPECT_THAT(ErrorOf("[[listeners]]\naddress = \"127.0.0.1\\u0000\"\n"),
              HasSubstr("listeners[0].address: expected a string"));
}

TEST(Config, AMountPointIsTheBeginningOfTopics) {
  const auto error_of = [](std::string_view value) {
    return ErrorOf(fmt::format("[[listeners]]\nmount_point = \"{}\"\n", value));
  };
  const std::string longest = std::string(kMountPointBytesMax - 1, 'a') + '/';
  for (const std::string& value :
       {std::string(), std::string("plant-7/"), std::string("/"), std::string("a/$b/"), longest}) {
    EXPECT_EQ(error_of(value), "no error") << value;
  }
  for (const std::string& value : {std::string("a"), std::string("$SYS/"), std::string("a/+/"),
                                   std::string("#/"), 'a' + longest}) {
    EXPECT_THAT(error_of(value), HasSubstr("listeners[0].mount_point: expected a topic of at most "
                                           "1024 bytes that ends with / and does not begin with $"))
        << value;
  }
}

TEST(Config, AListenersLimitsCountWithinThoseOfAll) {
  Config config;
  config.limits.packet_size_bytes_max = 1'000;
  config.mqtt = {.qos_max = 1, .keep_alive_s_max = 0, .session_expiry_s_max = 60};
  ListenerConfig listener;
  const ClientLimits of_all = ClientLimitsOf(config, &listener);
  EXPECT_EQ(of_all.packet_size_bytes_max, 1'000u);
  EXPECT_EQ(of_all.keep_alive_s_max, 0);
  EXPECT_EQ(of_all.qos_max, 1);
  EXPECT_EQ(of_all.session_expiry_s_max, 60u);
  listener.packet_size_bytes_max = 500;
  listener.keep_alive_s_max = 30;
  listener.qos_max = 0;
  listener.session_expiry_s_max = 0;
  const ClientLimits own = ClientLimitsOf(config, &listener);
  EXPECT_EQ(own.packet_size_bytes_max, 500u);
  EXPECT_EQ(own.keep_alive_s_max, 30);
  EXPECT_EQ(own.qos_max, 0);
  EXPECT_EQ(own.session_expiry_s_max, 0u);
  EXPECT_EQ(ClientLimitsOf(config, nullptr).packet_size_bytes_max, 1'000u);
  config.mqtt.keep_alive_s_max = 20;
  EXPECT_EQ(ClientLimitsOf(config, &listener).keep_alive_s_max, 20);
  listener.keep_alive_s_max = 0;
  EXPECT_EQ(ClientLimitsOf(config, &listener).keep_alive_s_max, 20);
}

TEST(Config, UsersNeedOneSecretAndANameOfTheirOwn) {
  EXPECT_THAT(ErrorOf("[[users]]\nname = \"a\"\n"),
              HasSubstr("users[0]: expected one of password_hash and password, found none"));
  EXPECT_THAT(ErrorOf("[[users]]\nname = \"a\"\npassword = \"x\"\npassword_hash = \"y\"\n"),
              HasSubstr("found both"));
  EXPECT_THAT(
      ErrorOf("[[users]]\nname = \"a\"\npassword_hash = \"secret\"\n"),
      AllOf(HasSubstr("users[0].password_hash: expected a hash"), Not(HasSubstr("secret"))));
  EXPECT_THAT(ErrorOf("[[users]]\npassword = \"x\"\n"), HasSubstr("users[0].name: expected 1"));
  EXPECT_THAT(ErrorOf("[[users]]\nname=\"a\"\npassword=\"x\"\n[[users]]\nname=\"a\"\n"
                      "password=\"x\"\n"),
              HasSubstr("found \"a\" again"));
}

TEST(Config, ValidateRefusesWhatAProgramMaySetOutOfRange) {
  Config config;
  config.mqtt.qos_max = 3;
  config.server.io = IoBackend{9};
  const absl::Status status = Validate(config);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("mqtt.qos_max: expected an integer from 0 to 2, found 3"),
                    HasSubstr("server.io: expected one of")));
}

TEST(Config, LoadNamesAFileThatIsNotThere) {
  const auto config = LoadConfig("/nonexistent/ringmqd.toml");
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr("/nonexistent/ringmqd.toml: cannot be read: No such file"));
}

TEST(Config, LoadReadsAFile) {
  const TemporaryFile file("[server]\nthreads = 3\n");
  const auto config = LoadConfig(file.path());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server.threads, 3u);
}

// Any byte of the default file changed or cut off: an error or a valid Config, never a crash.
TEST(Config, DamagedFilesAreRefusedOrValid) {
  const std::string text = DefaultConfigText();
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string damaged = text;
    damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
    if (i % 4 == 0) damaged.resize(random() % damaged.size());
    const auto config = ParseConfig("test.toml", damaged);
    if (config.ok()) {
      EXPECT_TRUE(Validate(*config).ok());
    } else {
      EXPECT_THAT(std::string(config.status().message()), HasSubstr("test.toml:"));
    }
  }
}

TEST(Config, HostileTomlIsRefused) {
  EXPECT_THAT(ErrorOf(std::string(1, '\0')), HasSubstr("test.toml:1"));
  EXPECT_THAT(ErrorOf("\xff\xfe"), HasSubstr("test.toml:1"));
  EXPECT_THAT(ErrorOf("a = " + std::string(100'000, '[')), HasSubstr("test.toml:1"));
  EXPECT_THAT(ErrorOf("[server]\n" + std::string(500'000, 'a') + " = 1"), HasSubstr("unknown"));
  const TemporaryFile large(std::string(kConfigFileBytesMax + 1, '\n'));
  EXPECT_FALSE(LoadConfig(large.path()).ok());
}

TEST(Config, AnonymousIsWelcomeOnLoopbackOnlyByDefault) {
  for (const char* address : {"127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(AllowsAnonymous({.address = address})) << address;
  }
  for (const char* address : {"0.0.0.0", "::", "192.168.0.1", "::ffff:10.0.0.1", "junk", ""}) {
    EXPECT_FALSE(AllowsAnonymous({.address = address})) << address;
  }
  EXPECT_TRUE(AllowsAnonymous(
      {.address = "0.0.0.0", .port = 1, .allow_anonymous = AllowAnonymous::kAlways}));
  EXPECT_FALSE(AllowsAnonymous(
      {.address = "127.0.0.1", .port = 1, .allow_anonymous = AllowAnonymous::kNever}));
}

TEST(NearestName, FindsTypingErrorsAndNotOtherWords) {
  const std::string_view known[] = {"threads", "pin_threads", "io"};
  EXPECT_EQ(NearestName("thraeds", known), "threads");
  EXPECT_EQ(NearestName("pin_thread", known), "pin_threads");
  EXPECT_EQ(NearestName("oi_and_more", known), "");
  EXPECT_EQ(NearestName(std::string(1'000'000, 'x'), known), "");
  EXPECT_EQ(NearestName("", known), "");
}

}  // namespace
}  // namespace ringmq::broker
