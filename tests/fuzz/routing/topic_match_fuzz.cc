// Lines of input are filters and topics: the filter tree and the retained store must agree with the
// naive matcher on every pair.
//
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/topic.h"
#include "routing/filter_tree.h"
#include "routing/naive_match.h"
#include "routing/retained.h"

namespace {

using ringmq::codec::MessageRef;
using ringmq::routing::FilterTree;
using ringmq::routing::NaiveMatches;
using ringmq::routing::NodeId;
using ringmq::routing::RetainedStore;

constexpr size_t kLinesMax = 32;

void CheckTree(const std::set<std::string>& filters, const std::set<std::string>& topics) {
  FilterTree tree;
  std::vector<NodeId> added;
  for (const std::string& filter : filters) added.push_back(tree.Add(filter));
  for (const std::string& topic : topics) {
    std::set<std::string> found;
    tree.Match(topic, [&](NodeId node) { RMQ_CHECK(found.insert(tree.FilterOf(node)).second); });
    for (const std::string& filter : filters) {
      RMQ_CHECK(found.contains(filter) == NaiveMatches(filter, topic));
    }
  }
  tree.Audit();
  for (const NodeId node : added) tree.Remove(node);
  RMQ_CHECK(tree.node_count() == 0);
}

void CheckRetained(const std::set<std::string>& filters, const std::set<std::string>& topics) {
  RetainedStore store;
  const uint8_t payload[] = {1};
  for (const std::string& topic : topics) {
    (void)store.Put(MessageRef::Make({.topic = topic, .payload = payload, .forwardable = {}}));
  }
  for (const std::string& filter : filters) {
    std::set<std::string> found;
    RetainedStore::Cursor cursor;
    while (!cursor.done) {
      store.Match(filter, cursor, 3, 2, {}, [&](const MessageRef& message) {
        RMQ_CHECK(found.insert(std::string(message.topic())).second);
        return true;
      });
    }
    for (const std::string& topic : topics) {
      RMQ_CHECK(found.contains(topic) == NaiveMatches(filter, topic));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
  std::string_view text(reinterpret_cast<const char*>(data), size_bytes);
  std::set<std::string> filters;
  std::set<std::string> topics;
  for (size_t line = 0; line < kLinesMax && !text.empty(); ++line) {
    const size_t end = text.find('\n');
    const std::string one(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (one.find('\0') != std::string::npos) continue;  // The decoder lets none through.
    if (ringmq::codec::IsValidTopicFilter(one)) filters.insert(one);
    if (ringmq::codec::IsValidTopicName(one)) topics.insert(one);
  }
  CheckTree(filters, topics);
  CheckRetained(filters, topics);
  return 0;
}
