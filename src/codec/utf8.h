// UTF-8 as MQTT narrows it is at home in base, because transport asks for it too.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/utf8.h"

namespace ringmq::codec {

using base::IsValidUtf8;
using base::IsValidUtf8Payload;

}  // namespace ringmq::codec
