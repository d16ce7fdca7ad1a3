// A mount point: what a listener puts before every topic and filter of its clients, and takes away
// from the topics that they receive. They see a part of the topics as if it were all.
//
//   the client says   a/b            $share/g/a/#            with the mount point "t1/"
//   the broker means  t1/a/b         $share/g/t1/a/#
//
// Inside the broker there are mounted names only: rights, limits, retained messages, events and the
// log all mean those. What begins with "$" does not pass a mount in either direction: that "#"
// does not match it [MQTT-4.7.2-1] would otherwise hold at the root only.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ringmq::broker {

// The name that the broker uses for a client's. The view lives until `buffer` changes.
[[nodiscard]] std::string_view MountTopic(std::string_view mount, std::string_view topic,
                                          std::string& buffer);

// Likewise for a filter, shared or not: the mount point goes behind the group's name. Requires: it
// is a valid one.
[[nodiscard]] std::string_view MountFilter(std::string_view mount, std::string_view filter,
                                           std::string& buffer);

// Whether clients behind the mount point may see a message of this topic, which matched one of
// their filters: "t1/#" matches "t1" too, and "t1/", of which nothing would be left. Requires: the
// mount point is not empty.
[[nodiscard]] bool PassesMount(std::string_view mount, std::string_view topic);

}  // namespace ringmq::broker
