// Text that came from elsewhere, made safe to stand in XML, HTML and SVG.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ringmq::report {

// As the content of an element or the value of an attribute in either kind of quotes. What XML
// cannot hold at all (control characters, what is not UTF-8) becomes a blank or a question mark.
[[nodiscard]] std::string Escape(std::string_view text);

// A path as the address of a link. It leads to a file and nowhere else: "javascript:..." and
// "//host/..." are names of files too.
[[nodiscard]] std::string FileLink(std::string_view path);

}  // namespace ringmq::report
