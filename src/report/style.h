// The style sheet of our HTML pages.
//
// Colours of series were searched for those that stay furthest apart for the colour-blind of each
// kind (tests/report/test_pages.py has the distances), and every series has a dash of its own
// besides; the heat map goes from the paper's colour to the ink's, so that lightness alone carries
// it. Contains neither "<" nor "&", so it may stand in XML as it is.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ringmq::report {

extern const std::string_view kStyle;

}  // namespace ringmq::report
