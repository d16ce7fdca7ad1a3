// SPDX-License-Identifier: Apache-2.0
#include "report/markup.h"

#include <gtest/gtest.h>

namespace ringmq::report {
namespace {

TEST(Markup, LeavesNothingThatMeansSomethingInXml) {
  EXPECT_EQ(Escape("<a href=\"x\" title='y'>&amp;"),
            "&lt;a href=&quot;x&quot; title=&apos;y&apos;&gt;&amp;amp;");
  EXPECT_EQ(Escape("200 pubs → 50 subs  118µs 😀"), "200 pubs → 50 subs  118µs 😀");
}

TEST(Markup, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(Escape(std::string_view("a\0b\x1b\n", 5)), "a b  ");
  EXPECT_EQ(Escape("\xff|\xc3|\xed\xa0\x80|\xc0\xaf|\xe2\x82"), "?|?|???|??|??");
  EXPECT_EQ(Escape("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"), "??????\xef\xbf\xbd");
}

TEST(Markup, LinksLeadToFilesAndNowhereElse) {
  EXPECT_EQ(FileLink("search/200k-1.json"), "search/200k-1.json");
  EXPECT_EQ(FileLink("/tmp/a b.json"), "/tmp/a%20b.json");
  EXPECT_EQ(FileLink("javascript:alert(1)"), "javascript%3Aalert%281%29");
  EXPECT_EQ(FileLink("///host/x"), "/host/x");
  EXPECT_EQ(FileLink("\\\\host\\x"), "%5C%5Chost%5Cx");
  EXPECT_EQ(FileLink("a\"><b>?q#f&µ"), "a%22%3E%3Cb%3E%3Fq%23f%26%C2%B5");
}

}  // namespace
}  // namespace ringmq::report
