// HTTP as far as the tool needs it: a page that others fetch, and pages of others. The one place
// that knows the library, whose threads these are; nothing of it is used by threads of a load.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ringmq::bench {

// Serves one text at /metrics.
class HttpPage {
 public:
  // Asked for the text by threads of the server.
  explicit HttpPage(std::function<std::string()> text);
  ~HttpPage();  // A client that is being answered holds it up for a second at most.
  HttpPage(const HttpPage&) = delete;
  HttpPage& operator=(const HttpPage&) = delete;

  // Port 0: the kernel's choice. Says which it is.
  [[nodiscard]] absl::StatusOr<uint16_t> Bind(const std::string& host, uint16_t port);
  // Begins to answer; until then clients wait. Requires: it is bound.
  void Start();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

// Fails if it is no URL that HttpGet() can do something with, with the reason.
[[nodiscard]] absl::Status CheckHttpUrl(const std::string& url);

// For a page from the first to the last byte, redirects included.
inline constexpr std::chrono::milliseconds kHttpPatience{2'000};

// What is there, behind redirects too, or why not. It takes no longer than `patience`, however
// slowly a page comes and however long it is, but for what finding the host's address takes.
[[nodiscard]] absl::StatusOr<std::string> HttpGet(
    const std::string& url, std::chrono::milliseconds patience = kHttpPatience);

}  // namespace ringmq::bench
