// Filters in a tree of levels: a message walks down it once for each way in which it can match.
//
// SPDX-License-Identifier: Apache-2.0
#include "ringmq/router.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "codec/topic.h"

namespace ringmq {
namespace {

// Takes the first level off.
std::string_view TakeLevel(std::string_view& rest, bool& has_more) {
  const size_t slash = rest.find('/');
  has_more = slash != std::string_view::npos;
  const std::string_view level = rest.substr(0, slash);
  rest = has_more ? rest.substr(slash + 1) : std::string_view{};
  return level;
}

// "$share/group/filter" matches by its filter.
std::string_view MatchedPart(std::string_view filter) {
  const auto shared = codec::ParseSharedFilter(filter);
  return shared.has_value() ? shared->filter : filter;
}

}  // namespace

bool TopicMatches(std::string_view filter, std::string_view topic) noexcept {
  // Wildcards do not match names that begin with "$". [MQTT-4.7.2-1]
  if (topic.starts_with('$') && (filter.starts_with('#') || filter.starts_with('+'))) return false;
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter && more_topic) {
    const std::string_view wanted = TakeLevel(filter, more_filter);
    if (wanted == "#") return true;
    const std::string_view level = TakeLevel(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  // "a/#" matches "a", too. 5.0 s4.7.1.2
  return more_filter == more_topic || (more_filter && filter == "#");
}

class Router::Table {
 public:
  struct Route {
    std::string filter;
    uint32_t id = 0;
    Handler handler;
  };
  struct Node {
    std::map<std::string, Node, std::less<>> children;
    uint32_t route = 0;  // Its identifier; zero: none ends here.
    [[nodiscard]] bool empty() const { return children.empty() && route == 0; }
  };

  std::map<std::string, uint32_t, std::less<>> ids;  // By filter as given.
  std::map<uint32_t, Route> routes;
  std::map<std::string, std::vector<uint32_t>, std::less<>> sharers;  // By the part that matches.
  Node root;
  uint32_t next_id = 1;

  void Insert(std::string_view filter, uint32_t id) {
    std::vector<uint32_t>& sharing = sharers[std::string(filter)];
    sharing.push_back(id);
    if (sharing.size() > 1) return;
    Node* node = &root;
    for (bool more = true; more;) {
      const std::string_view level = TakeLevel(filter, more);
      node = &node->children.try_emplace(std::string(level)).first->second;
    }
    node->route = id;
  }

  void Erase(std::string_view filter, uint32_t id) {
    const auto sharing = sharers.find(filter);
    std::erase(sharing->second, id);
    const uint32_t next = sharing->second.empty() ? 0 : sharing->second.front();
    if (next == 0) sharers.erase(sharing);
    std::vector<std::pair<Node*, std::string>> path;
    Node* node = &root;
    for (bool more = true; more;) {
      const std::string_view level = TakeLevel(filter, more);
      path.emplace_back(node, std::string(level));
      node = &node->children.find(level)->second;
    }
    node->route = next;
    for (; node->empty() && !path.empty(); path.pop_back()) {
      node = path.back().first;
      const auto child = node->children.find(path.back().second);
      if (child->second.empty()) node->children.erase(child);
    }
  }

  // Appends the first route of every filter that matches.
  void Match(std::string_view topic, std::vector<uint32_t>& found) const {
    struct Place {
      const Node* node;
      std::string_view rest;
      bool more;
    };
    std::vector<Place> places = {{&root, topic, true}};
    const bool is_reserved = topic.starts_with('$');
    while (!places.empty()) {
      const Place place = places.back();
      places.pop_back();
      const bool may_wild = !is_reserved || place.node != &root;
      const auto multi = place.node->children.find(std::string_view("#"));
      if (may_wild && multi != place.node->children.end()) found.push_back(multi->second.route);
      if (!place.more) {
        if (place.node->route != 0) found.push_back(place.node->route);
        continue;
      }
      Place next = place;
      const std::string_view level = TakeLevel(next.rest, next.more);
      for (const std::string_view name : {level, std::string_view("+")}) {
        if (name == "+" && !may_wild) continue;
        const auto child = place.node->children.find(name);
        if (child == place.node->children.end()) continue;
        next.node = &child->second;
        places.push_back(next);
      }
    }
  }
};

Router::Router() : table_(std::make_unique<Table>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

Router& Router::operator=(Router&& other) noexcept {
  table_ = std::move(other.table_);
  return *this;
}

size_t Router::size() const noexcept { return table_->routes.size(); }

uint32_t Router::Add(std::string_view filter, Handler handler) {
  if (!codec::IsValidSubscriptionFilter(filter)) return 0;
  const auto known = table_->ids.find(filter);
  if (known != table_->ids.end()) {
    table_->routes[known->second].handler = std::move(handler);
    return known->second;
  }
  const uint32_t id = table_->next_id++;
  table_->ids.emplace(filter, id);
  table_->routes[id] = {.filter = std::string(filter), .id = id, .handler = std::move(handler)};
  table_->Insert(MatchedPart(filter), id);
  return id;
}

bool Router::Remove(std::string_view filter) {
  const auto known = table_->ids.find(filter);
  if (known == table_->ids.end()) return false;
  const uint32_t id = known->second;
  table_->Erase(MatchedPart(filter), id);
  table_->ids.erase(known);
  table_->routes.erase(id);
  return true;
}

size_t Router::Dispatch(Message& message) {
  std::vector<uint32_t> found;
  const uint32_t id = message.subscription_id();
  if (id != 0) {
    found = message.properties().subscription_ids;
  } else {
    std::vector<uint32_t> firsts;
    table_->Match(message.topic(), firsts);
    for (const uint32_t first : firsts) {
      const auto route = table_->routes.find(first);
      const auto& sharing = table_->sharers.find(MatchedPart(route->second.filter))->second;
      found.insert(found.end(), sharing.begin(), sharing.end());
    }
  }
  size_t calls = 0;
  for (const uint32_t one : found) {
    const auto route = table_->routes.find(one);
    if (route == table_->routes.end()) continue;    // A handler before has removed it.
    const Handler handler = route->second.handler;  // It may remove itself.
    handler(message);
    ++calls;
  }
  return calls;
}

}  // namespace ringmq
