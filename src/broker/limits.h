// The limits of the broker's edges that no operator needs to turn: sizes of the files it reads,
// lengths of lines, queues of the helper threads. Limits that an operator may turn live in
// Config; limits of the standard live in codec/limits.h.
//
// Everything here bounds what one bad file or one hostile peer can make the broker do.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringmq::broker {

// Lanes between shards are N x N; more cores than this are better served by several processes.
inline constexpr uint32_t kThreadsMax = 256;

// A configuration is written by hand; a larger one is the wrong file.
inline constexpr size_t kConfigFileBytesMax = 1024 * 1024;
inline constexpr size_t kConfigErrorsMax = 16;  // Further ones are not reported in one run.
inline constexpr size_t kListenersMax = 64;
inline constexpr size_t kMountPointBytesMax = 1024;  // Leaves room in topics of 65,535.
inline constexpr size_t kConfigUsersMax = 10'000;

// About a million users of 130 bytes each fit twice.
inline constexpr size_t kPasswordFileBytesMax = 256 * 1024 * 1024;
inline constexpr size_t kAclFileBytesMax = 64 * 1024 * 1024;

// An MQTT string, which every user name and topic filter is, has a length of 16 bits.
inline constexpr size_t kMqttStringBytesMax = 65'535;
// Room for the longest user name and a hash, or the longest filter and its keywords.
inline constexpr size_t kTextLineBytesMax = 68 * 1024;
static_assert(kTextLineBytesMax > kMqttStringBytesMax + 1024);

// One check at this cost takes some ten seconds: more is a typing error or an attack.
inline constexpr uint32_t kPbkdf2IterationsMax = 10'000'000;
inline constexpr uint32_t kPbkdf2IterationsMin = 1;
// What the broker itself uses for plain passwords from its configuration.
inline constexpr uint32_t kPbkdf2IterationsDefault = 100'000;
inline constexpr size_t kPasswordSaltBytesMax = 64;
inline constexpr size_t kPasswordDigestBytes = 64;  // SHA-512.

// A rule is looked at for each uncached check of its user, so a user with more would be slow.
inline constexpr size_t kAclRulesMax = 1'000'000;
inline constexpr size_t kAclRulesPerSubjectMax = 10'000;

inline constexpr size_t kLogLineBytesMax = 4096;

// What AES-GCM may seal with one key: 2^23 full records, which is what TlsRecords changes its keys
// after (RFC 8446 section 5.5 allows three times as much). In the kernel they cannot be changed.
inline constexpr uint64_t kKernelSealedBytesMax = uint64_t{1} << 37;

}  // namespace ringmq::broker
