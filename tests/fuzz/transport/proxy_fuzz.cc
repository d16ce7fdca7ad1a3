// The PROXY header: what comes of it does not depend on how the input is cut, what is read can be
// written and read again, and nothing is held beyond the limit.
//
// The first byte: how large the pieces are.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "transport/byte_vector.h"
#include "transport/proxy_layer.h"

namespace {

using namespace ringmq::transport;  // NOLINT: short.

constexpr size_t kLimitBytes = 512;

void WriteAndRead(const ProxyHeader& header) {
  const auto written = MakeProxyHeader(header, {.with_checksum = true});
  const ProxyParse again = ParseProxyHeader(written, {});
  RMQ_CHECK(again.status == ProxyParse::kDone);
  RMQ_CHECK(again.size_bytes == written.size());
  RMQ_CHECK(again.header.source == header.source);
  RMQ_CHECK(again.header.tls == header.tls);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = 1 + data[0];
  const std::span<const uint8_t> input(data + 1, size - 1);
  const ProxyRules rules = {.header_bytes_max = kLimitBytes};
  ProxyServerLayer whole(rules);
  ProxyServerLayer cut(rules);
  ByteVector whole_up, cut_up, down;
  whole.Receive(input, whole_up, down);
  for (size_t at = 0; at < input.size(); at += piece) {
    cut.Receive(input.subspan(at, std::min(piece, input.size() - at)), cut_up, down);
    RMQ_CHECK(cut.held_bytes() <= kLimitBytes);
  }
  RMQ_CHECK(down.empty());
  RMQ_CHECK(whole.state() == cut.state());
  RMQ_CHECK(whole.error() == cut.error());
  RMQ_CHECK(whole.error().size() <= 200);
  RMQ_CHECK(std::ranges::equal(whole_up.bytes(), cut_up.bytes()));
  const ProxyParse parse = ParseProxyHeader(input, rules);
  RMQ_CHECK((parse.status == ProxyParse::kDone) == (whole.state() == LayerState::kOpen));
  if (parse.status == ProxyParse::kDone) {
    RMQ_CHECK(whole_up.bytes().size() == input.size() - parse.size_bytes);
    WriteAndRead(parse.header);
  }
  return 0;
}
