// What the command line asks for.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/plan.h"
#include "load/run.h"

namespace ringmq::bench {

// What `search` demands of latency when nothing is demanded.
inline constexpr const char* kSearchedLatency = "p99(response)<10ms";

// --duration of a run that ends when its messages are sent.
inline constexpr const char* kNoDuration = "1d";

// Of `run`: a piece of the run with a rate of its own.
struct PhaseSettings {
  std::string name;
  double duration_s = 0;
  double from_per_s = 0;
  double to_per_s = 0;
  std::string command;                  // For a shell when it begins; empty: none.
  std::vector<std::string> assertions;  // About this phase, as written,
  std::string assertions_at;            // and where they stand, as "run.toml:12".
};

// The process that listens at the URL.
inline constexpr int kWatchAuto = -1;

class Exporter;

struct Settings {
  std::string command;

  // Target.
  std::vector<std::string> urls = {"mqtt://127.0.0.1:1883"};  // Connections go there in turns.
  int version = 5;
  std::string client_id = "bench-{run}-{role}{i}";
  std::string user;  // Templates, as the client id.
  std::string password;
  uint16_t keep_alive_s = 60;
  bool reconnect = false;
  int proxy_protocol = 0;                   // Version of the header before everything; 0: none.
  std::string proxy_source = "198.18.0.1";  // Of client 0. RFC 2544: for benchmarks.

  // TLS.
  std::string ca_file;  // Empty: the system's.
  std::string certificate_file;
  std::string key_file;
  std::string keylog_file;
  bool insecure = false;
  bool tls_resume = false;
  std::string psk_identity;
  std::string psk_hex_key;

  // Shape.
  uint32_t publishers = 1;
  uint32_t subscribers = 1;
  uint32_t connections = 100;
  std::string topic = "bench/{pub}";
  uint32_t topics = 0;               // Of each publisher, in turns; 0: only what `topic` says.
  std::vector<std::string> filters;  // Of subscribers, or of the clients; none: as `topic` says.
  std::string group = "bench";       // The name of a shared one.
  std::string connect_rate = "5k";
  std::string connect_timeout = "30s";

  // Coming and going.
  std::string churn = "100/s";
  std::string expiry = "1h";  // Of sessions.
  bool clean = true;          // They end with their connections,
  bool is_clean_given = false;
  bool is_expiry_given = false;  // which this contradicts.
  std::string will_delay = "0s";
  bool abrupt = false;
  bool storm = false;
  bool is_ramp_given = false;
  bool keep = false;

  // Load.
  int qos = 0;
  std::string rate;             // Empty: closed loop.
  std::string rate_per_client;  // Instead; the command line turns it into `rate`.
  bool retain = false;
  std::vector<std::string> user_properties;  // As "name=value".
  std::string alias = "off";
  std::string arrival = "constant";
  uint32_t in_flight = 20;
  std::string payload = "64";    // Or a template.
  std::string payload_template;  // A file with one; empty: none.
  uint64_t seed = 1;

  // Length.
  std::string duration = "10s";
  std::string messages;  // In all; empty: as many as there is time for.
  std::string warmup = "1s";
  std::string drain = "10s";
  uint32_t trials = 1;

  // Measure.
  std::string stamp = "auto";
  std::string verify = "full";
  std::string legacy_latency;  // Empty or "service".
  int watch_pid = 0;
  std::string percentiles;           // As ParsePercentiles() takes it.
  std::vector<std::string> scraped;  // URLs of pages of metrics.
  bool watches_sys = false;
  std::string scrape_only;  // A regular expression; empty: all.
  bool intervals = false;   // Histograms of each second are kept; also if --hdr has a file.

  // Judge.
  std::vector<std::string> assertions;  // As written; every one has to hold.
  bool allow_invalid = false;
  std::string lag_max;  // As a duration; empty: the verdict's own rule.

  // Host.
  std::string engine = "auto";
  uint32_t threads = 1;  // Of each process.
  uint32_t processes = 1;
  std::string cpus;     // As ParseCpuList() takes it.
  std::string sources;  // As ParseSources() takes it.

  // Output.
  std::string command_line;          // Quoted for a shell, without secrets.
  std::string metrics_address;       // Of --prometheus; empty: none.
  Exporter* exporter = nullptr;      // There, of whoever makes the runs; null: none.
  int lines_fd = -1;                 // For lines of JSON; negative: none.
  std::vector<std::string> outputs;  // File names in the order of Outputs(); empty: none.
  bool quiet = false;
  bool no_screen = false;
  bool show_config = false;
  std::string shell;  // Of `completion`.

  // Of `report`, `compare` and `ab`.
  std::vector<std::string> files;  // That a command reads.
  std::vector<std::string> with;   // The other side of `compare`.
  std::string url_b;               // The other broker of `ab`,
  int watch_pid_b = 0;             // and its process.
  uint32_t pairs = 5;

  // Of `merge`.
  bool force = false;
  std::string merged_file;  // Of -o, which is --json by another name; empty: none.

  // Of `search`.
  std::string search_from = "5k";
  std::string search_to;  // Empty: as far as it goes.
  double search_factor = 2;
  std::string search_tolerance = "5%";
  std::string points_folder;  // Where the result of each point goes; empty: nowhere.

  // Of `preset`.
  std::string preset;        // Its name; empty: list them.
  double scale = 1;          // Of counts and rates.
  bool show_only = false;    // The equal command line, instead of running it.
  std::string title_prefix;  // Of the result.

  // Of `run`.
  std::string run_file;
  std::vector<PhaseSettings> phases;  // `rate` and `duration` are those of all; empty: none.

  // Of `soak`.
  std::string window = "1m";

  // Of all that run another command, or several times.
  std::string scenario = "pubsub";
};

enum ExitCode : int {
  kOk = 0,
  kUsage = 1,
  kRunFailed = 2,
  kMeasurementInvalid = 3,
  kAssertionFailed = 4,
  kInterrupted = 130,
};

}  // namespace ringmq::bench
