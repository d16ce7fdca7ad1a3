// SPDX-License-Identifier: Apache-2.0
#include "documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ringmq::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Documents, NameEveryOptionOfTheirCommandAndNoOther) {
  for (const Command command : kCommands) {
    const std::string help = HelpText(command);
    for (const OptionSpec& spec : OptionTable()) {
      const std::string line = "\n  " + UsageOf(spec) + "\n";
      EXPECT_THAT(help, Belongs(spec, command) ? ::testing::Matcher<std::string>(HasSubstr(line))
                                               : Not(HasSubstr(line)));
    }
  }
}

TEST(Documents, AreSharedOutAmongLettersAndNamesWithoutDoubles) {
  for (const Command command : kCommands) {
    for (const OptionSpec& spec : OptionTable()) {
      if (!Belongs(spec, command)) continue;
      EXPECT_EQ(FindOption(command, "--" + std::string(spec.name)), &spec);
      if (spec.letter != 0) {
        EXPECT_EQ(FindOption(command, std::string("-") + spec.letter), &spec);
      }
    }
  }
}

TEST(Documents, HaveNoEmptySections) {
  EXPECT_THAT(HelpText(Command::kSub), HasSubstr("\nWhat is received:\n"));
  EXPECT_THAT(HelpText(Command::kPub), Not(HasSubstr("What is received")));
  EXPECT_THAT(ManPage(Command::kPub, "1"), Not(HasSubstr("What is received")));
  for (const Command command : kCommands) EXPECT_THAT(HelpText(command), Not(HasSubstr(":\n\n")));
}

TEST(Documents, FitIntoATerminal) {
  const std::string help = HelpText(Command::kSub);
  for (size_t at = 0, end = 0; at < help.size(); at = end + 1) {
    end = help.find('\n', at);
    EXPECT_LE(end - at, 80u) << help.substr(at, end - at);
  }
}

TEST(Documents, EscapeWhatRoffWouldTakeForItself) {
  const std::string page = ManPage(Command::kSub, "1.2");
  EXPECT_THAT(page, HasSubstr(".TH RINGMQ\\-SUB 1 \"\" \"ringmq 1.2\""));
  EXPECT_THAT(page, HasSubstr(".B \\-t, \\-\\-topic <topic>\n"));
  EXPECT_THAT(page, HasSubstr(".B %% @@ \\e\\e\n"));
  for (const char* request : {"\n.", "\n'"}) {
    for (size_t at = page.find(request); at != std::string::npos; at = page.find(request, at + 1)) {
      const std::string line = page.substr(at + 1, page.find('\n', at + 1) - at - 1);
      EXPECT_THAT(line, ::testing::MatchesRegex("\\.(TH|SH|SS|TP|B|I|PP|nh|ad|br).*")) << line;
    }
  }
}

TEST(Documents, CompleteChoicesAndFiles) {
  EXPECT_THAT(CompletionScript(Shell::kBash),
              HasSubstr("-q|--qos) COMPREPLY=($(compgen -W '0 1 2' -- \"$cur\")); return ;;"));
  EXPECT_THAT(CompletionScript(Shell::kZsh), HasSubstr("'*--cafile[Certificates of authorities to "
                                                       "trust (PEM)]:path:_files'"));
  EXPECT_THAT(CompletionScript(Shell::kFish),
              HasSubstr("-n '__fish_seen_subcommand_from rr' -s q -l qos -x -a '0 1 2' -d"));
}

TEST(Documents, GuessWhatWasMeant) {
  ASSERT_NE(NearestOption(Command::kPub, "--topci"), nullptr);
  EXPECT_EQ(NearestOption(Command::kPub, "--topci")->id, OptionId::kTopic);
  EXPECT_EQ(NearestOption(Command::kPub, "-topic")->id, OptionId::kTopic);
  EXPECT_EQ(NearestOption(Command::kPub, "--zebra-crossing"), nullptr);
}

}  // namespace
}  // namespace ringmq::cli
