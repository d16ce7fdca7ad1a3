// SPDX-License-Identifier: Apache-2.0
#include "load/payload_template.h"

#include <gmock/gmock.h>

#include <string>

namespace ringmq::load {
namespace {

PayloadTemplate Parsed(std::string_view text) {
  auto parsed = PayloadTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? *std::move(parsed) : PayloadTemplate();
}

std::string Rendered(const PayloadTemplate& made, const PayloadTemplate::Values& values) {
  std::string text(made.SizeBytesMax(), '?');
  const size_t size_bytes =
      made.Render(values, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
  EXPECT_GE(size_bytes, made.SizeBytesMin());
  EXPECT_LE(size_bytes, made.SizeBytesMax());
  return text.substr(0, size_bytes);
}

TEST(PayloadTemplate, FillsInWhatItKnowsAndLeavesOtherBraces) {
  const PayloadTemplate::Values values = {
      .sequence = 12, .publisher = 3, .time_ms = 1'700'000'000'123};
  EXPECT_EQ(Rendered(Parsed(R"({"id":{pub},"n":{seq}})"), values), R"({"id":3,"n":12})");
  EXPECT_EQ(Rendered(Parsed("{time}{seq}"), values), "170000000012312");
  EXPECT_EQ(Rendered(Parsed("{pub}"), values), "3");
  EXPECT_EQ(Rendered(Parsed("{{seq}} {i} {} {seq {SEQ} {"), values), "{12} {i} {} {seq {SEQ} {");
  EXPECT_EQ(Rendered(Parsed("{rand:1}"), values), "0");
  EXPECT_EQ(Rendered(Parsed(""), values), "");
  const PayloadTemplate::Values greatest = {
      .sequence = UINT64_MAX, .publisher = UINT32_MAX, .time_ms = INT64_MAX, .seed = UINT64_MAX};
  EXPECT_EQ(Rendered(Parsed("{seq} {pub} {time}"), greatest),
            "18446744073709551615 4294967295 9223372036854775807");
}

// Every value comes, about as often as any other, and the same for the same message.
TEST(PayloadTemplate, DrawsNumbersByTheSeed) {
  const PayloadTemplate made = Parsed("{rand:4}{rand:4}");
  int counts[4][4] = {};
  for (uint64_t sequence = 0; sequence < 16'000; ++sequence) {
    const PayloadTemplate::Values values = {.sequence = sequence, .publisher = 7, .seed = 5};
    const std::string text = Rendered(made, values);
    ASSERT_EQ(text.size(), 2u);
    EXPECT_EQ(Rendered(made, values), text);
    ++counts[text[0] - '0'][text[1] - '0'];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, 1000, 200);
  }
  const PayloadTemplate wide = Parsed("{rand:18446744073709551615}");
  EXPECT_NE(Rendered(wide, {.sequence = 1, .seed = 1}), Rendered(wide, {.sequence = 1, .seed = 2}));
}

TEST(PayloadTemplate, IsOnlyWhatHasAPlace) {
  for (const char* const text : {"{seq}", "a{pub}", "{time}", "{rand:9}", "{rand:", "{{seq}"}) {
    EXPECT_TRUE(PayloadTemplate::IsOne(text)) << text;
  }
  for (const char* const text : {"", "64", "64-4k", "{}", "{i}", "{\"a\":1}", "{seq"}) {
    EXPECT_FALSE(PayloadTemplate::IsOne(text)) << text;
  }
}

TEST(PayloadTemplate, RefusesAPlaceThatIsWrong) {
  for (const char* const text :
       {"{rand:}", "{rand:0}", "{rand:x}", "{rand:-1}", "{rand:5", "a{rand:1 }"}) {
    EXPECT_FALSE(PayloadTemplate::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ringmq::load
