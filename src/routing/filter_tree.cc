// SPDX-License-Identifier: Apache-2.0
#include "routing/filter_tree.h"

#include <utility>

#include "base/check.h"

namespace ringmq::routing {
namespace {

// Cuts the first level off `rest`. Returns false when there was none left.
bool NextLevel(std::string_view& rest, bool& at_end, std::string_view& level) {
  if (at_end) return false;
  const size_t slash = rest.find('/');
  at_end = slash == std::string_view::npos;
  level = rest.substr(0, slash);
  rest = at_end ? std::string_view() : rest.substr(slash + 1);
  return true;
}

}  // namespace

FilterTree::FilterTree() : nodes_(1), children_(0, ChildHash{&nodes_}, ChildEqual{&nodes_}) {}

NodeId FilterTree::ChildOf(NodeId parent, std::string_view level) const {
  const auto it = children_.find(ChildKey{parent, level});
  return it == children_.end() ? kNoNode : *it;
}

NodeId FilterTree::MakeChild(NodeId parent, std::string_view level) {
  NodeId child = kNoNode;
  if (free_.empty()) {
    child = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
  } else {
    child = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[child];
  node.level = std::string(level);
  node.parent = parent;
  ++live_;
  Node& above = nodes_[parent];
  ++above.children;
  if (level == "+") {
    above.plus = child;
  } else if (level == "#") {
    above.hash = child;
  } else {
    children_.insert(child);
  }
  return child;
}

NodeId FilterTree::Add(std::string_view filter) {
  NodeId node = kRoot;
  std::string_view level;
  bool at_end = false;
  while (NextLevel(filter, at_end, level)) {
    NodeId child = level == "+"   ? nodes_[node].plus
                   : level == "#" ? nodes_[node].hash
                                  : ChildOf(node, level);
    if (child == kNoNode) child = MakeChild(node, level);
    node = child;
  }
  ++nodes_[node].added;
  return node;
}

NodeId FilterTree::Find(std::string_view filter) const {
  NodeId node = kRoot;
  std::string_view level;
  bool at_end = false;
  while (NextLevel(filter, at_end, level)) {
    node = level == "+"   ? nodes_[node].plus
           : level == "#" ? nodes_[node].hash
                          : ChildOf(node, level);
    if (node == kNoNode) return kNoNode;
  }
  return nodes_[node].added > 0 ? node : kNoNode;
}

void FilterTree::Remove(NodeId node) {
  RMQ_CHECK(nodes_[node].added > 0);
  --nodes_[node].added;
  Prune(node);
}

// Takes away nodes that end no filter and lead to none, upwards.
void FilterTree::Prune(NodeId node) {
  while (node != kRoot && nodes_[node].added == 0 && nodes_[node].children == 0) {
    const NodeId parent = nodes_[node].parent;
    Node& above = nodes_[parent];
    if (above.plus == node) {
      above.plus = kNoNode;
    } else if (above.hash == node) {
      above.hash = kNoNode;
    } else {
      RMQ_CHECK(children_.erase(ChildKey{parent, nodes_[node].level}) == 1);
    }
    RMQ_CHECK(above.children > 0);
    --above.children;
    nodes_[node] = Node{};
    free_.push_back(node);
    --live_;
    node = parent;
  }
}

std::string FilterTree::FilterOf(NodeId node) const {
  std::string filter = nodes_[node].level;
  for (NodeId up = nodes_[node].parent; up != kRoot; up = nodes_[up].parent) {
    filter.insert(0, 1, '/');
    filter.insert(0, nodes_[up].level);
  }
  return filter;
}

void FilterTree::Match(std::string_view topic, absl::FunctionRef<void(NodeId)> visit) {
  // [MQTT-4.7.2-1]: a wildcard does not match a first level that begins with "$".
  bool wildcards = topic.empty() || topic[0] != '$';
  frontier_.assign(1, kRoot);
  std::string_view rest = topic;
  std::string_view level;
  bool at_end = false;
  while (!frontier_.empty() && NextLevel(rest, at_end, level)) {
    next_.clear();
    for (const NodeId node : frontier_) {
      const Node& here = nodes_[node];
      if (here.children == 0) continue;
      if (wildcards && here.hash != kNoNode) visit(here.hash);
      if (wildcards && here.plus != kNoNode) next_.push_back(here.plus);
      const NodeId child = ChildOf(node, level);
      if (child != kNoNode) next_.push_back(child);
    }
    std::swap(frontier_, next_);
    wildcards = true;
  }
  if (!at_end) return;  // Nothing reached that far.
  for (const NodeId node : frontier_) {
    const Node& here = nodes_[node];
    if (here.added > 0) visit(node);
    // "a/#" matches "a" as well. 5.0 s4.7.1.2.
    if (here.hash != kNoNode) visit(here.hash);
  }
}

void FilterTree::Audit() const {
  size_t live = 0;
  for (NodeId id = 1; id < nodes_.size(); ++id) {
    const Node& node = nodes_[id];
    if (node.parent == kNoNode) continue;
    ++live;
    RMQ_CHECK(node.added > 0 || node.children > 0);
    if (node.level != "+" && node.level != "#") RMQ_CHECK(ChildOf(node.parent, node.level) == id);
  }
  RMQ_CHECK(live == live_);
  RMQ_CHECK(live + free_.size() + 1 == nodes_.size());
}

}  // namespace ringmq::routing
