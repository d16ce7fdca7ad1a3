// Every expected line is what mosquitto_sub 2.0.11 printed for the same message;
// tests/system/test_cli.py compares the two side by side.
//
// SPDX-License-Identifier: Apache-2.0
#include "format.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <string_view>

namespace ringmq::cli {
namespace {

class FormatTest : public ::testing::Test {
 protected:
  FormatTest() {
    setenv("TZ", "UTC0", 1);
    tzset();
  }

  std::string Print(std::string_view format, JsonLayout layout = JsonLayout::kOneLine) {
    Expected<Format> parsed = Format::Parse(format);
    EXPECT_TRUE(parsed.ok()) << format;
    if (!parsed.ok()) return {};
    std::string out;
    last_result_ =
        parsed->Print(message_, {.tv_sec = 1'588'799'520, .tv_nsec = 12'345'678}, layout, out);
    return out;
  }

  void AddProperties() {
    message_.properties = {.payload_is_text = true,
                           .content_type = "text",
                           .response_topic = "r/t",
                           .correlation_data = "xyz",
                           .user = {{"k", "w"}, {"a", "b"}},
                           .subscription_ids = {},
                           .expiry_s = 100};
  }

  Printable message_{.topic = "a/b", .payload = "abc"};
  PrintResult last_result_ = PrintResult::kPrinted;
};

TEST_F(FormatTest, PadsAndCutsPayloadsAsMosquittoDoes) {
  EXPECT_EQ(Print("[%5p][%-5p][%05p][%.2p]"), "[  abc][abc  ][00abc][abc]");
  EXPECT_EQ(Print("[%5x][%05x][%8X][%-8x]"), "[   61][00061][      61][61      ]");
  EXPECT_EQ(Print("%x"), "616263");
  EXPECT_EQ(Print("[%-p]"), "[abc   ]");
  message_.payload = "abcdef";
  EXPECT_EQ(Print("[%2p][%3x][%4x]"), "[ab][ 61][6162]");
}

TEST_F(FormatTest, PadsAndCutsTopics) {
  EXPECT_EQ(Print("[%5t][%-5t][%05t][%.2t][%5.2t][%-5.1t]"),
            "[  a/b][a/b  ][  a/b][a/][   a/][a    ]");
}

TEST_F(FormatTest, PrintsBlanksForPropertiesThatAreAbsentExceptTheResponseTopic) {
  EXPECT_EQ(Print("[%5l][%-5l][%05l][%-05l][%5m][%4q][%4r][%5E][%05F][%5C][%5R][%5S][%5A][%5D]"),
            "[    3][3    ][00003][3    ][    0][0][0][     ][00000][     ][][     ][     ][]");
}

TEST_F(FormatTest, PrintsPropertiesThatArePresent) {
  AddProperties();
  EXPECT_EQ(Print("[%5E][%05F][%5C][%5R][%-5C][%.2C][%5S][%5D][%P]"),
            "[  100][00001][ text][  r/t][text ][te][     ][xyz][k:w a:b]");
}

TEST_F(FormatTest, PrintsTheTimeThatItIsGiven) {
  EXPECT_EQ(Print("%I|%26I|%U|@Y|@N|@s"),
            "2020-05-06T21:12:00+0000|  2020-05-06T21:12:00+0000|1588799520.012345678|2020|"
            "012345678|1588799520");
}

TEST_F(FormatTest, KnowsItsEscapes) {
  using std::string_literals::operator""s;
  EXPECT_EQ(Print(R"(%%@@\\|%5%|\0\a\e\n\r\t\v)"), "%@\\|%|\0\a\033\n\r\t\v"s);
}

TEST_F(FormatTest, WritesJson) {
  EXPECT_EQ(Print("%0j"),
            R"({"tst":"2020-05-06T21:12:00.012345Z+0000","topic":"a/b","qos":0,"retain":0,)"
            R"("payloadlen":3,"payload":"abc"})");
  AddProperties();
  message_.qos = Qos::kAtLeastOnce;
  message_.packet_id = 1;
  message_.payload = "h\xc3\xa9\t\x01\"/\x7f";
  EXPECT_EQ(Print("%j"),
            R"({"tst":"2020-05-06T21:12:00.012345Z+0000","topic":"a/b","qos":1,"retain":0,)"
            R"("payloadlen":8,"mid":1,"properties":{"user-properties":{"k":"w","a":"b"},)"
            R"("content-type":"text","correlation-data":"xyz","payload-format-indicator":1,)"
            R"("response-topic":"r/t","message-expiry-interval":100},"payload":"h)"
            "\xc3\xa9\\t\\u0001\\\"/\x7f\"}");
}

TEST_F(FormatTest, WritesBytesThatAreNotTextAsNumbersAndNothingAsNull) {
  message_.payload = "\xff\xfe";
  EXPECT_TRUE(Print("%j").ends_with(R"("payload":[255,254]})"));
  message_.payload = "";
  EXPECT_TRUE(Print("%j").ends_with(R"("payloadlen":0,"payload":null})"));
  EXPECT_TRUE(Print("%J").ends_with(R"("payloadlen":0,"payload":null})"));
}

TEST_F(FormatTest, TakesJsonPayloadsWithoutTheirBlanksAndWithAllDigits) {
  message_.payload = R"( {"a" : 1.2345678901234567890, "b":[1, 2,{}], "c":"x \" y"} )";
  EXPECT_TRUE(
      Print("%J").ends_with(R"("payload":{"a":1.2345678901234567890,"b":[1,2,{}],"c":"x \" y"}})"));
}

TEST_F(FormatTest, LeavesOutAPayloadThatIsNotJsonAndSaysSo) {
  EXPECT_EQ(Print("x%Jy"), "xy");
  EXPECT_EQ(last_result_, PrintResult::kPayloadIsNotJson);
}

TEST_F(FormatTest, SpreadsJsonAsMosquittoDoes) {
  message_.topic = "z";
  message_.payload = R"({"a":27, "b":[1, 2,{},[3,{"x":1}],[]], "c":"e"})";
  EXPECT_EQ(Print("%J", JsonLayout::kPretty),
            "{\n\t\"tst\":\t\"2020-05-06T21:12:00.012345Z+0000\",\n\t\"topic\":\t\"z\",\n"
            "\t\"qos\":\t0,\n\t\"retain\":\t0,\n\t\"payloadlen\":\t47,\n\t\"payload\":\t{\n"
            "\t\t\"a\":\t27,\n\t\t\"b\":\t[1, 2, {\n\t\t\t}, [3, {\n\t\t\t\t\t\"x\":\t1\n"
            "\t\t\t\t}], []],\n\t\t\"c\":\t\"e\"\n\t}\n}");
}

TEST_F(FormatTest, RefusesSequencesWithoutMeaning) {
  for (const char* bad : {"%", "%-", "%5", "%y", "@", "\\", "\\q", "%-5", "%5.", "%.", "%99999t"}) {
    EXPECT_FALSE(Format::Parse(bad).ok()) << bad;
  }
  EXPECT_EQ(Format::Parse("a %-5y").error().detail().substr(0, 22), "'%-5y' has no meaning;");
  for (const char* good : {"", "@Q", "%.p", "@E"}) EXPECT_TRUE(Format::Parse(good).ok()) << good;
}

TEST_F(FormatTest, PrintsTopicAndPayloadWhenVerbose) {
  std::string out;
  PrintVerbose(message_, out);
  EXPECT_EQ(out, "a/b abc");
  out.clear();
  message_.payload = "";
  PrintVerbose(message_, out);
  EXPECT_EQ(out, "a/b (null)");
}

}  // namespace
}  // namespace ringmq::cli
