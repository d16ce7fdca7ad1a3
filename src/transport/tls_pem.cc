// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "transport/tls_error.h"

namespace ringmq::transport {
namespace {

constexpr absl::string_view kBegin = "-----BEGIN ";
constexpr absl::string_view kEnd = "-----END ";
constexpr absl::string_view kDashes = "-----";

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

bool IsStart(absl::string_view line) {
  return line.size() > kBegin.size() + kDashes.size() && absl::StartsWith(line, kBegin) &&
         absl::EndsWith(line, kDashes);
}

// What is no text that anybody would write: OpenSSL passes over it.
bool IsDamagedEdge(absl::string_view line) {
  return absl::StartsWith(line, absl::StripTrailingAsciiWhitespace(kBegin)) ||
         absl::StartsWith(line, absl::StripTrailingAsciiWhitespace(kEnd));
}

}  // namespace

TlsPemReader::TlsPemReader(const std::string& text, const std::string& path)
    : text_(text), path_(path), bio_(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {
  RMQ_CHECK(bio_ != nullptr);
  FindStarts();
}

TlsPemReader::~TlsPemReader() { Free(); }

void TlsPemReader::FindStarts() {
  int number = 0;
  bool is_inside = false;
  absl::string_view last;
  for (const absl::string_view whole : absl::StrSplit(ToAbsl(text_), '\n')) {
    ++number;
    last = whole;
    const absl::string_view line = absl::StripTrailingAsciiWhitespace(whole);
    if (is_inside) {
      is_inside = !absl::StartsWith(line, kEnd);
    } else if (IsStart(line)) {
      is_inside = true;
      const size_t label_bytes = line.size() - kBegin.size() - kDashes.size();
      starts_.push_back({number, std::string(line.substr(kBegin.size(), label_bytes))});
    } else if (IsDamagedEdge(line)) {
      RefuseLine(number, "a BEGIN or END line is damaged or misplaced");
      return;
    }
  }
  // Without the end of its line: the file was cut off in there.
  if (!is_inside && !last.empty() && absl::StartsWith(kBegin, last)) {
    RefuseLine(number, "the file is cut off");
  }
}

void TlsPemReader::RefuseLine(int line, std::string_view what) {
  status_ = absl::InvalidArgumentError(absl::StrCat(path_, ":", line, ": ", ToAbsl(what)));
}

void TlsPemReader::Refuse(std::string_view cause) {
  RMQ_CHECK(number_ > 0);
  constexpr size_t kLabelBytesMax = 40;
  // If OpenSSL sees a block where we see none, it has none to name.
  const Start start = number_ <= starts_.size() ? starts_[number_ - 1] : Start{};
  const std::string label = TlsPrintable(start.label, kLabelBytesMax);
  status_ = absl::InvalidArgumentError(absl::StrCat(path_, ":", start.line, ": block ", number_,
                                                    " (", label, ") is damaged: ", ToAbsl(cause)));
}

bool TlsPemReader::Next() {
  if (!status_.ok()) return false;
  Free();
  ERR_clear_error();
  ++number_;
  long size_bytes = 0;
  if (PEM_read_bio(bio_.get(), &label_, &header_, &data_, &size_bytes) == 1) {
    size_bytes_ = static_cast<size_t>(size_bytes);
    return true;
  }
  const unsigned long error = ERR_peek_last_error();
  const bool is_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  const std::string cause = TlsLibraryError();
  if (!is_end || number_ <= starts_.size()) Refuse(cause);
  return false;
}

void TlsPemReader::Free() {
  OPENSSL_free(std::exchange(label_, nullptr));
  OPENSSL_free(std::exchange(header_, nullptr));
  // It may be a key.
  OPENSSL_clear_free(std::exchange(data_, nullptr), size_bytes_);
  size_bytes_ = 0;
}

}  // namespace ringmq::transport
