// Owners of OpenSSL's objects: each is freed by the function that OpenSSL has for it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace ringmq::transport {

template <auto kFree>
struct TlsFree {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

inline void FreeCertificateStack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using TlsBio = std::unique_ptr<BIO, TlsFree<BIO_free>>;
using TlsSsl = std::unique_ptr<SSL, TlsFree<SSL_free>>;
using TlsSslCtx = std::unique_ptr<SSL_CTX, TlsFree<SSL_CTX_free>>;
using TlsSession = std::unique_ptr<SSL_SESSION, TlsFree<SSL_SESSION_free>>;
using TlsCertificate = std::unique_ptr<X509, TlsFree<X509_free>>;
using TlsCertificates = std::unique_ptr<STACK_OF(X509), TlsFree<FreeCertificateStack>>;
using TlsStore = std::unique_ptr<X509_STORE, TlsFree<X509_STORE_free>>;
using TlsKey = std::unique_ptr<EVP_PKEY, TlsFree<EVP_PKEY_free>>;

}  // namespace ringmq::transport
