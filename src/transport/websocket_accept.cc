// SPDX-License-Identifier: Apache-2.0
#include "transport/websocket_accept.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace ringmq::transport {
namespace {

std::string Base64(const uint8_t* bytes, size_t size_bytes) {
  std::string text((size_bytes + 2) / 3 * 4, '\0');
  // EVP_EncodeBlock adds a terminating zero, for which std::string has room.
  EVP_EncodeBlock(static_cast<unsigned char*>(static_cast<void*>(text.data())), bytes,
                  static_cast<int>(size_bytes));
  return text;
}

}  // namespace

std::string WebSocketAccept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size_bytes = 0;
  RMQ_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size_bytes, EVP_sha1(), nullptr) ==
            1);
  return Base64(digest.data(), size_bytes);
}

std::string WebSocketKey(const std::array<uint8_t, 16>& random) {
  return Base64(random.data(), random.size());
}

}  // namespace ringmq::transport
