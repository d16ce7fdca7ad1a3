// SPDX-License-Identifier: Apache-2.0
#include "broker/mount.h"

#include "base/check.h"
#include "codec/topic.h"

namespace ringmq::broker {

std::string_view MountTopic(std::string_view mount, std::string_view topic, std::string& buffer) {
  buffer.assign(mount);
  buffer.append(topic);
  return buffer;
}

std::string_view MountFilter(std::string_view mount, std::string_view filter, std::string& buffer) {
  if (!codec::IsSharedFilter(filter)) return MountTopic(mount, filter, buffer);
  const auto shared = codec::ParseSharedFilter(filter);
  RMQ_CHECK(shared.has_value());
  buffer.assign(filter.substr(0, filter.size() - shared->filter.size()));
  buffer.append(mount);
  buffer.append(shared->filter);
  return buffer;
}

bool PassesMount(std::string_view mount, std::string_view topic) {
  RMQ_CHECK(!mount.empty());
  return topic.size() > mount.size() && topic[mount.size()] != '$';
}

}  // namespace ringmq::broker
