// SPDX-License-Identifier: Apache-2.0
#include "broker/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "broker/temporary_file.h"

namespace ringmq::broker {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "ringmqd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

std::string ErrorOf(std::vector<const char*> arguments) {
  return std::string(Parse(std::move(arguments)).status().message());
}

TEST(CommandLine, NoArgumentsMeanDefaults) {
  const auto line = Parse({});
  ASSERT_TRUE(line.ok());
  const auto config = ConfigFromCommandLine(*line);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*config, Config{});
}

TEST(CommandLine, EveryFlagIsTaken) {
  const auto line = Parse({"-c", "a.toml", "-p", "0", "-v", "-t", "--features", "--io", "epoll",
                           "--threads", "4", "--version", "--print-config"});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->config_path, "a.toml");
  EXPECT_EQ(line->port, 0);
  EXPECT_EQ(line->io, IoBackend::kEpoll);
  EXPECT_EQ(line->threads, 4u);
  EXPECT_TRUE(line->verbose);
  EXPECT_TRUE(line->check);
  EXPECT_TRUE(line->features);
  EXPECT_TRUE(line->version);
  EXPECT_TRUE(line->print_config);
  EXPECT_FALSE(line->help_text.has_value());
}

TEST(CommandLine, ErrorsNameTheFlagAndGiveAnExample) {
  EXPECT_THAT(ErrorOf({"-p", "65536"}),
              AllOf(HasSubstr("--port"), HasSubstr("65536"), HasSubstr("ringmqd -p 1883")));
  EXPECT_THAT(ErrorOf({"-p", "x"}), AllOf(HasSubstr("--port"), HasSubstr("ringmqd -p 1883")));
  EXPECT_THAT(ErrorOf({"-p", "-1"}), AllOf(HasSubstr("--port"), HasSubstr("ringmqd -p 1883")));
  EXPECT_THAT(ErrorOf({"-p"}), AllOf(HasSubstr("--port"), HasSubstr("ringmqd -p 1883")));
  EXPECT_THAT(ErrorOf({"--io", "kqueue"}),
              AllOf(HasSubstr("--io"), HasSubstr("kqueue"), HasSubstr("ringmqd --io auto")));
  EXPECT_THAT(ErrorOf({"--threads", "257"}),
              AllOf(HasSubstr("--threads"), HasSubstr("ringmqd --threads 4")));
  EXPECT_THAT(ErrorOf({"-c"}), AllOf(HasSubstr("--config"), HasSubstr("ringmqd -c /etc")));
  EXPECT_THAT(ErrorOf({"--bogus"}), AllOf(HasSubstr("--bogus"), HasSubstr("Example: ringmqd")));
}

TEST(CommandLine, HelpIsText) {
  const auto line = Parse({"--help"});
  ASSERT_TRUE(line.ok());
  ASSERT_TRUE(line->help_text.has_value());
  for (const char* const flag :
       {"-h,--help", "-c,--config", "-p,--port", "--io", "--threads", "--tls-keylog",
        "-v,--verbose", "-t,--check", "--features", "--version", "--print-config"}) {
    // As a program prints it, which is to its first NUL.
    EXPECT_THAT(line->help_text->c_str(), HasSubstr(flag));
  }
  for (const char* const backend : {"auto", "uring", "epoll"}) {
    EXPECT_THAT(line->help_text->c_str(), HasSubstr(backend));
  }
}

TEST(CommandLine, AnErrorNamesWhatCouldBeSaid) {
  EXPECT_THAT(ErrorOf({"--io", "kqueue"}).c_str(),
              AllOf(HasSubstr("auto"), HasSubstr("uring"), HasSubstr("epoll"),
                    HasSubstr("Example: ringmqd --io auto")));
}

TEST(CommandLine, FlagsOverrideTheFile) {
  const TemporaryFile file(
      "[server]\nthreads = 2\nio = \"uring\"\n[[listeners]]\nport = 1000\n[[listeners]]\n"
      "port = 1001\n");
  const auto line = Parse({"-c", file.path().c_str(), "-p", "0", "--threads", "7", "-v"});
  ASSERT_TRUE(line.ok());
  const auto config = ConfigFromCommandLine(*line);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->server.threads, 7u);
  EXPECT_EQ(config->server.io, IoBackend::kUring);
  EXPECT_EQ(config->listeners[0].port, 0);
  EXPECT_EQ(config->listeners[1].port, 1001);
  EXPECT_EQ(config->log.level, LogLevel::kDebug);
}

TEST(CommandLine, FlagsAreCheckedAgainstTheFile) {
  const TemporaryFile file("[[listeners]]\nport = 1\n[[listeners]]\nport = 2\n");
  const auto line = Parse({"-c", file.path().c_str(), "-p", "2"});
  ASSERT_TRUE(line.ok());
  EXPECT_FALSE(ConfigFromCommandLine(*line).ok());
}

}  // namespace
}  // namespace ringmq::broker
