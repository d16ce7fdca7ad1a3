// Mosquitto ACL files.
//
//   line   := blank | "#" comment | "user" NAME | topic | pattern
//   topic  := "topic" [access] FILTER      of the last `user`; before the first: of anonymous
//   pattern:= "pattern" [access] FILTER    of everyone; %c and %u are client id and user name
//   access := "read" | "write" | "readwrite" | "deny"      absent: readwrite
//
// A filter that contains blanks needs its access written out, because otherwise a typing error
// in the access would become part of a filter that nothing matches.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "broker/acl.h"

namespace ringmq::broker {

// An error names FILE:LINE. An empty file is legal and denies everything. A caller that has no
// older policy to keep uses AccessPolicy::DenyEverything() when this fails.
[[nodiscard]] absl::StatusOr<AccessPolicy> LoadAclFile(const std::string& path);

// The same for text that is already here; `file_name` is for messages.
[[nodiscard]] absl::StatusOr<AccessPolicy> ParseAclFile(std::string_view file_name,
                                                        std::string_view text);

}  // namespace ringmq::broker
