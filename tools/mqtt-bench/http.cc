// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/text.h"

namespace ringmq::bench {
namespace {

constexpr time_t kPatienceS = 2;
constexpr size_t kServerThreads = 2;
// Of the version of the format that is written.
constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

struct Parts {
  std::string origin;  // "http://host:9090"
  std::string path;    // "/metrics?x=y"
};

Parts PartsOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t from = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t path = url.find_first_of("/?", from);
  if (path == std::string::npos) return {url, "/"};
  const std::string rest = url.substr(path);
  return {url.substr(0, path), rest.front() == '/' ? rest : "/" + rest};
}

// The library's own words are the names of its constants.
std::string WhyOf(httplib::Error error) {
  if (error == httplib::Error::Connection) return "nobody listens there";
  if (error == httplib::Error::ConnectionTimeout) return "no connection in time";
  if (error == httplib::Error::Read) return "silent, or no HTTP";
  return httplib::to_string(error);
}

// Whether there is a host, and a port is one. The library takes what is none.
bool HasHost(std::string_view origin) {
  std::string_view rest = origin.substr(origin.find("://") + 3);
  const size_t bracket = rest.rfind(']');
  const size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return !rest.empty();
  const std::optional<uint16_t> port = measure::ParseNumber<uint16_t>(rest.substr(colon + 1));
  return colon > 0 && port.has_value() && *port > 0;
}

}  // namespace

class HttpPage::Server {
 public:
  explicit Server(std::function<std::string()> text) {
    http_.new_task_queue = [] { return new httplib::ThreadPool(kServerThreads); };
    http_.set_keep_alive_max_count(1);  // Or a client that stays would hold up the end.
    http_.set_keep_alive_timeout(1);
    http_.set_read_timeout(1);
    http_.set_write_timeout(1);
    // The library's choice, SO_REUSEPORT, would share a port with a program that has it already.
    http_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    http_.Get("/metrics",
              [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
                response.set_content(text(), kContentType);
              });
  }
  ~Server() {
    if (!thread_.joinable()) return;
    // One that has not begun yet would not hear of it.
    while (!http_.is_running() && !has_ended_) std::this_thread::yield();
    http_.stop();
    thread_.join();
  }

  absl::StatusOr<uint16_t> Bind(const std::string& host, uint16_t port) {
    const int bound = port == 0                        ? http_.bind_to_any_port(host)
                      : http_.bind_to_port(host, port) ? port
                                                       : -1;
    if (bound > 0) return static_cast<uint16_t>(bound);
    return absl::UnavailableError(absl::StrCat("cannot listen on ", host, " port ", port,
                                               "; is it in use, or not an address of this host?"));
  }
  void Start() {
    if (thread_.joinable()) return;
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      has_ended_ = true;
    });
  }

 private:
  httplib::Server http_;
  std::thread thread_;
  std::atomic<bool> has_ended_ = false;
};

HttpPage::HttpPage(std::function<std::string()> text)
    : server_(std::make_unique<Server>(std::move(text))) {}
HttpPage::~HttpPage() = default;
absl::StatusOr<uint16_t> HttpPage::Bind(const std::string& host, uint16_t port) {
  return server_->Bind(host, port);
}
void HttpPage::Start() { server_->Start(); }

absl::Status CheckHttpUrl(const std::string& url) {
  const std::string_view view = url;
  const bool has_scheme = view.starts_with("http://") || view.starts_with("https://");
  if (has_scheme && HasHost(PartsOf(url).origin)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", url, "' is no URL; for example http://127.0.0.1:9090/metrics"));
}

absl::StatusOr<std::string> HttpGet(const std::string& url) {
  const auto [origin, path] = PartsOf(url);
  httplib::Client client(origin);
  client.set_connection_timeout(kPatienceS);
  client.set_read_timeout(kPatienceS);
  client.set_write_timeout(kPatienceS);
  client.set_follow_location(true);
  const httplib::Result answer = client.Get(path);
  if (!answer) {
    return absl::UnavailableError(absl::StrCat("no answer (", WhyOf(answer.error()), ")"));
  }
  if (answer->status != 200) {
    return absl::UnavailableError(absl::StrCat("it answered with status ", answer->status));
  }
  return answer->body;
}

}  // namespace ringmq::bench
