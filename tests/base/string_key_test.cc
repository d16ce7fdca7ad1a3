// SPDX-License-Identifier: Apache-2.0
#include "base/string_key.h"

#include <gtest/gtest.h>

#include "absl/container/flat_hash_map.h"

namespace ringmq::base {
namespace {

TEST(StringKey, AMapOfStringsAnswersViews) {
  absl::flat_hash_map<std::string, int, StringKeyHash, StringKeyEqual> map;
  map["topic/a"] = 1;
  const std::string_view line = "topic/a and more";
  EXPECT_EQ(map.find(line.substr(0, 7))->second, 1);
  EXPECT_EQ(map.find(line), map.end());
}

}  // namespace
}  // namespace ringmq::base
