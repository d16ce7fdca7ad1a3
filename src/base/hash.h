// A keyed hash of bytes that gives the same value in every process and version: it decides which
// core a session lives on, so it must not change, and which names collide must not be guessable.
//
// SipHash with one compression and three finalisation rounds (SipHash-1-3).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace ringmq::base {

[[nodiscard]] uint64_t StableHash(std::string_view bytes, uint64_t key0, uint64_t key1);

}  // namespace ringmq::base
