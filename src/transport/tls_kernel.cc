// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"

namespace ringmq::transport {
namespace {

constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;
constexpr uint8_t kApplicationData = 23;
constexpr size_t kRecordBytesMax = 16 << 10;
constexpr size_t kReasonBytesMax = 200;

int SetKeys(int fd, int direction, const KernelCryptoInfo& info) {
  return std::visit(
      [&](const auto& filled) {
        return setsockopt(fd, SOL_TLS, direction, &filled, sizeof(filled)) == 0 ? 0 : errno;
      },
      info);
}

// Control messages are aligned and carry one byte: the type of a record.
struct alignas(cmsghdr) ControlBuffer {
  std::array<char, CMSG_SPACE(sizeof(uint8_t))> bytes = {};
};

uint8_t TypeOf(msghdr& message) {
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_TLS ||
      header->cmsg_type != TLS_GET_RECORD_TYPE) {
    return kApplicationData;
  }
  uint8_t type = 0;
  std::memcpy(&type, CMSG_DATA(header), sizeof(type));
  return type;
}

ControlResult Fail(std::string reason) {
  return {ControlRecord::kFailed, TlsPrintable(reason, kReasonBytesMax)};
}

// The kernel knows which version its keys are of; nobody else need remember.
TlsVersion VersionOf(int fd) {
  tls_crypto_info info{};
  socklen_t size = sizeof(info);
  const bool is_known = getsockopt(fd, SOL_TLS, TLS_TX, &info, &size) == 0;
  return is_known && info.version == TLS_1_2_VERSION ? TlsVersion::k12 : TlsVersion::k13;
}

ControlResult ReadAlert(int fd, TlsRole role, std::span<const uint8_t> record) {
  TlsAlert alert = TlsReadAlert(role, VersionOf(fd), record);
  switch (alert.kind) {
    case TlsAlert::Kind::kGoodbye:
      return {ControlRecord::kClosed, {}};
    case TlsAlert::Kind::kNothing:
      return {ControlRecord::kIgnored, {}};
    case TlsAlert::Kind::kEnd:
    case TlsAlert::Kind::kDamaged:
      return Fail(std::move(alert.reason));
  }
  RMQ_CHECK(false);
}

// A record may hold several messages: type, length in three bytes, content.
ControlResult ReadHandshake(TlsRole role, std::span<const uint8_t> record) {
  constexpr size_t kHeaderBytes = 4;
  const std::string peer = role == TlsRole::kServer ? "client" : "server";
  while (!record.empty()) {
    if (record[0] == SSL3_MT_KEY_UPDATE) {
      return Fail(peer + " changes keys, which this kernel's TLS cannot follow");
    }
    if (record[0] != SSL3_MT_NEWSESSION_TICKET || role == TlsRole::kServer) {
      return Fail(peer + " begins another handshake");
    }
    if (record.size() < kHeaderBytes) return Fail("damaged session ticket");
    const size_t size = size_t{record[1]} << 16 | size_t{record[2]} << 8 | record[3];
    // The rest may be in the next record, which would be taken for something else; but nobody
    // makes tickets of 16 KB.
    if (size > record.size() - kHeaderBytes) return Fail("session ticket in several records");
    record = record.subspan(kHeaderBytes + size);
  }
  return {ControlRecord::kIgnored, {}};
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;
};

// The errno with which the keys are refused on a connection to ourselves; 0: they are not.
int Try(const KernelCryptoInfo& info) {
  const Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Socket client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (bind(listener.fd(), generic, size) != 0 || listen(listener.fd(), 1) != 0 ||
      getsockname(listener.fd(), generic, &size) != 0 || connect(client.fd(), generic, size) != 0) {
    return errno;
  }
  const KernelInstallResult result = InstallKernelTls(client.fd(), {info, info});
  return result.outcome == KernelMove::kDone ? 0 : result.error;
}

template <typename Info>
KernelCryptoInfo Zeros(uint16_t version, uint16_t cipher_type) {
  Info info{};
  info.info.version = version;
  info.info.cipher_type = cipher_type;
  return info;
}

}  // namespace

KernelInstallResult InstallKernelTls(int fd, const KernelKeys& keys) {
  constexpr char kUlp[] = "tls";
  if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, kUlp, sizeof(kUlp)) != 0) {
    return {KernelMove::kNever, errno};
  }
  if (const int error = SetKeys(fd, TLS_TX, keys.tx); error != 0) {
    return {KernelMove::kNever, error};
  }
  if (const int error = SetKeys(fd, TLS_RX, keys.rx); error != 0) {
    return {KernelMove::kBroken, error};
  }
  return {KernelMove::kDone, 0};
}

ControlResult ReadControlRecord(int fd, TlsRole role, ByteSink& up) {
  std::array<uint8_t, kRecordBytesMax> bytes;  // NOLINT: filled by the kernel.
  ControlBuffer control;
  iovec slice = {bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &slice;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t received = recvmsg(fd, &message, MSG_DONTWAIT);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (received < 0 && errno == EBADMSG) return Fail("damaged record");
  if (received < 0) return Fail(std::string("receiving failed: ") + std::strerror(errno));
  const auto record = std::span<const uint8_t>(bytes).first(static_cast<size_t>(received));
  switch (TypeOf(message)) {
    case kAlert:
      return ReadAlert(fd, role, record);
    case kHandshake:
      return ReadHandshake(role, record);
    case kApplicationData:
      if (record.empty()) return Fail("the connection ended without close_notify");
      up.Append(record);
      return {ControlRecord::kData, {}};
    default:  // check:allow(default): a byte from the wire
      return Fail("a record of an unknown kind");
  }
}

int SendCloseNotify(int fd) {
  constexpr uint8_t kWarning = 1;
  std::array<uint8_t, 2> alert = {kWarning, SSL_AD_CLOSE_NOTIFY};
  ControlBuffer control;
  iovec slice = {alert.data(), alert.size()};
  msghdr message{};
  message.msg_iov = &slice;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_TLS;
  header->cmsg_type = TLS_SET_RECORD_TYPE;
  header->cmsg_len = CMSG_LEN(sizeof(kAlert));
  std::memcpy(CMSG_DATA(header), &kAlert, sizeof(kAlert));
  return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

std::vector<KernelTlsCipher> ProbeKernelTls() {
  std::vector<KernelTlsCipher> ciphers;
  for (const uint16_t version : {uint16_t{TLS_1_2_VERSION}, uint16_t{TLS_1_3_VERSION}}) {
    const std::pair<const char*, KernelCryptoInfo> kinds[] = {
        {"AES-128-GCM", Zeros<tls12_crypto_info_aes_gcm_128>(version, TLS_CIPHER_AES_GCM_128)},
        {"AES-256-GCM", Zeros<tls12_crypto_info_aes_gcm_256>(version, TLS_CIPHER_AES_GCM_256)},
        {"CHACHA20-POLY1305",
         Zeros<tls12_crypto_info_chacha20_poly1305>(version, TLS_CIPHER_CHACHA20_POLY1305)},
    };
    for (const auto& [kind, info] : kinds) {
      const int error = Try(info);
      const std::string name = version == TLS_1_2_VERSION ? "TLS 1.2 " : "TLS 1.3 ";
      ciphers.push_back({name + kind, error == 0,
                         error == 0 ? std::string() : std::string(std::strerror(error))});
    }
  }
  return ciphers;
}

}  // namespace ringmq::transport
