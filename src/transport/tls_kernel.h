// TLS in the kernel (kTLS): installs a connection's keys and speaks for it from then on. What is
// sent and received on the socket is plain bytes.
//
// How to hand over, since bytes must not pass two hands at once:
//   1. The layer is kOpen, and all that it put into `down` has been taken by the socket: the kernel
//      would encrypt it again.
//   2. No receive is armed on the socket, and what the last one brought has been Received.
//   3. Layer::MoveIntoKernel(). kNotYet: the kernel begins with a record, and this one is not
//      complete.
//
// Kernel lore:
//   - Attaching the ULP succeeds on kernels that cannot encrypt (CONFIG_TLS without a cipher's
//     module): only TLS_TX and TLS_RX tell. Until then bytes pass unchanged, so user space goes on.
//   - A record that is no data (alert, KeyUpdate, ticket) makes recv() fail with EIO, also a
//     multishot one, and stays until it is fetched with a control buffer: ReadControlRecord().
//   - A damaged record fails with EBADMSG, for ever.
//   - recv() with MSG_WAITALL works only from 6.0; send_zc is refused.
//   - Before 6.14 the kernel does not change keys: after a KeyUpdate nothing can be read any more,
//     and none can be sent. So whoever sends counts, and ends a connection whose key is used up.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transport/control_record.h"
#include "transport/layer.h"
#include "transport/tls_error.h"
#include "transport/tls_kernel_keys.h"

namespace ringmq::transport {

struct KernelInstallResult {
  KernelMove outcome = KernelMove::kNever;  // Not kNotYet. With kNever nothing has changed.
  int error = 0;                            // errno of the call that failed.
};

// Requires: a connected TCP socket.
[[nodiscard]] KernelInstallResult InstallKernelTls(int fd, const KernelKeys& keys);

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
