// Topic filters as a tree of levels, and the walk that finds those matching a topic.
//
//   "a/+/c" and "a/b/#":      root --a--> (1) --+--> (2) --c--> (3)
//                                          \--b--> (4) --#--> (5)
//
// The tree knows names only: each node that ends a filter is a NodeId, and whoever uses the tree
// keeps what it needs by NodeId. Children are not in the nodes but in one hash table for the whole
// tree, keyed by parent and level: a filter more costs a node of 56 bytes and a table entry, and
// finding a child is one look-up however many there are.
//
// Matching walks all levels of the topic once, with the set of nodes reached so far: at most two
// per node of the level before. No recursion; the work is bounded by what matches.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/hash/hash.h"

namespace ringmq::routing {

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = UINT32_MAX;

class FilterTree {
 public:
  FilterTree();
  FilterTree(const FilterTree&) = delete;
  FilterTree& operator=(const FilterTree&) = delete;

  // The node of a filter, made if it is not there. Each Add() is undone by one Remove().
  [[nodiscard]] NodeId Add(std::string_view filter);
  // Requires: added. Nodes that nobody needs any more are gone; others keep their number.
  void Remove(NodeId node);
  // kNoNode when the filter was not added.
  [[nodiscard]] NodeId Find(std::string_view filter) const;
  [[nodiscard]] std::string FilterOf(NodeId node) const;

  // Calls visit(NodeId) for each filter that matches. [MQTT-4.7.1-1] [MQTT-4.7.1-2]
  // [MQTT-4.7.2-1] Memory for the walk is kept from call to call: not reentrant.
  void Match(std::string_view topic, absl::FunctionRef<void(NodeId)> visit);

  [[nodiscard]] size_t node_count() const { return live_; }
  // An upper bound for NodeIds in use.
  [[nodiscard]] size_t capacity() const { return nodes_.size(); }
  void Audit() const;

 private:
  struct Node {
    std::string level;
    NodeId parent = kNoNode;
    NodeId plus = kNoNode;  // Child "+".
    NodeId hash = kNoNode;  // Child "#".
    uint32_t children = 0;  // Those two included.
    uint32_t added = 0;     // How many times its filter was added.
  };
  struct ChildKey {
    NodeId parent;
    std::string_view level;  // In the child's Node, or the caller's for a look-up.
    bool operator==(const ChildKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const ChildKey& key) {
      return H::combine(H::combine_contiguous(std::move(state), key.level.data(), key.level.size()),
                        key.parent, key.level.size());
    }
  };
  // Children are stored by number; hash and equality look the level up in the node, so that the
  // table costs four bytes an entry and growing `nodes_` moves nothing that it refers to.
  struct ChildHash {
    using is_transparent = void;
    const std::vector<Node>* nodes;
    size_t operator()(const ChildKey& key) const { return absl::Hash<ChildKey>{}(key); }
    size_t operator()(NodeId id) const {
      return (*this)(ChildKey{(*nodes)[id].parent, (*nodes)[id].level});
    }
  };
  struct ChildEqual {
    using is_transparent = void;
    const std::vector<Node>* nodes;
    [[nodiscard]] ChildKey KeyOf(NodeId id) const {
      return {(*nodes)[id].parent, (*nodes)[id].level};
    }
    [[nodiscard]] static ChildKey KeyOf(const ChildKey& key) { return key; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return KeyOf(a) == KeyOf(b);
    }
  };

  [[nodiscard]] NodeId ChildOf(NodeId parent, std::string_view level) const;
  [[nodiscard]] NodeId MakeChild(NodeId parent, std::string_view level);
  void Prune(NodeId node);

  static constexpr NodeId kRoot = 0;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  size_t live_ = 0;
  absl::flat_hash_set<NodeId, ChildHash, ChildEqual> children_;
  std::vector<NodeId> frontier_;  // Match()'s own.
  std::vector<NodeId> next_;
};

}  // namespace ringmq::routing
