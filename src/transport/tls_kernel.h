// Moves an open TLS connection into the kernel (kTLS) and speaks for it from then on: OpenSSL's
// memory is free, and what is sent and received on the socket is plain bytes.
//
// How to hand over, since bytes must not pass two hands at once:
//   1. The layer is kOpen, Describe() has been asked, and all that it put into `down` has been
//   taken
//      by the socket: the kernel would encrypt it again.
//   2. No receive is armed on the socket, and what the last one brought has been Received.
//   3. HandOverToKernel(). kWait: read exactly layer.record_bytes_missing() bytes, let the layer
//      receive them, try again; the kernel begins at a record.
//
// Kernel lore:
//   - Attaching the ULP succeeds on kernels that cannot encrypt (CONFIG_TLS without a cipher's
//     module): only TLS_TX and TLS_RX tell. Until then bytes pass unchanged, so user space goes on.
//   - A record that is no data (alert, KeyUpdate, ticket) makes recv() fail with EIO, also a
//     multishot one, and stays until it is fetched with a control buffer: ReadControlRecord().
//   - A damaged record fails with EBADMSG, for ever.
//   - recv() with MSG_WAITALL works only from 6.0; send_zc is refused.
//   - Before 6.14 the kernel does not change keys: after a KeyUpdate nothing can be read any more.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transport/layer.h"
#include "transport/tls_kernel_keys.h"
#include "transport/tls_layer.h"

namespace ringmq::transport {

enum class KernelInstall : uint8_t {
  kDone,
  kUnsupported,  // Nothing has changed: go on in user space.
  kBroken,       // The kernel sends but cannot receive: close the socket, say nothing.
};

struct KernelInstallResult {
  KernelInstall outcome = KernelInstall::kUnsupported;
  int error = 0;  // errno of the call that failed.
};

// Requires: a connected TCP socket.
[[nodiscard]] KernelInstallResult InstallKernelTls(int fd, const KernelKeys& keys);

enum class HandOver : uint8_t {
  kDone,         // The layer is transparent.
  kWait,         // See above.
  kUnsupported,  // This connection stays in user space.
  kBroken,       // Close the socket.
};
// Requires: what stands above. The layer's keys are wiped.
[[nodiscard]] HandOver HandOverToKernel(TlsLayer& layer, int fd);

// What a receive that failed with EIO has run into.
enum class ControlRecord : uint8_t {
  kNothing,  // Nothing there (yet): receive again.
  kData,     // It was data after all, now in `up`: receive again.
  kIgnored,  // A session ticket or a warning, which means nothing to us: receive again.
  kClosed,   // close_notify: the peer says goodbye. Answer with SendCloseNotify() and close.
  kFailed,   // `reason` says why: close.
};
struct ControlResult {
  ControlRecord record = ControlRecord::kNothing;
  std::string reason;
};
// `role` is ours. Takes one record.
[[nodiscard]] ControlResult ReadControlRecord(int fd, TlsRole role, ByteSink& up);

// Says goodbye, like Layer::Close(). 0 or the errno; with EAGAIN nothing was sent.
[[nodiscard]] int SendCloseNotify(int fd);

struct KernelTlsCipher {
  std::string name;  // "TLS 1.3 AES-128-GCM"
  bool supported = false;
  std::string reason;  // Why not.
};
// Tries every cipher on a connection of its own over the loopback.
[[nodiscard]] std::vector<KernelTlsCipher> ProbeKernelTls();

}  // namespace ringmq::transport
