// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <CLI/CLI.hpp>
#include <string>

namespace ringmq::bench {

void AddTargetFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Target");
  app.add_option(
         "-u,--url", s.urls,
         "mqtt, mqtts, ws or wss://host:port, or unix:///path; if repeated, connection n goes "
         "to the n mod so many")
      ->expected(1)
      ->take_all()
      ->default_str(s.urls.front());
  app.add_option("-V,--version", s.version, "of MQTT: 3, 4 or 5; without a value: of mqtt-bench")
      ->check(CLI::IsMember({kVersionOfTool, 3, 4, 5}))
      ->expected(0, 1)
      ->default_str(std::to_string(kVersionOfTool));
  app.add_option("--client-id", s.client_id, "{run}, {role} and {i} are filled in")
      ->capture_default_str();
  app.add_option("--user", s.user, "{i} is filled in");
  app.add_option("--pass", s.password, "{i} is filled in");
  app.add_option("--keepalive", s.keep_alive_s, "seconds")->capture_default_str();
  app.add_flag("--clean,!--no-clean", s.clean,
               "sessions end with their connections (the default); --no-clean: they outlive them");
  app.add_option("--expiry", s.expiry,
                 "--no-clean, and with MQTT 5 the broker keeps them for so long; of session, too")
      ->capture_default_str();
  app.add_flag(
      "--reconnect", s.reconnect,
      "who loses the connection during the run connects again, after up to 100 ms, doubled "
      "from try to try to 5 s; without: that is an error");
  app.add_option("--connect-timeout", s.connect_timeout,
                 "for each step of a connect; who takes longer has failed")
      ->capture_default_str();
  app.add_option("--proxy-protocol", s.proxy_protocol,
                 "begin as a proxy would, with a header of the PROXY protocol, version 1 or 2")
      ->check(CLI::IsMember({1, 2}));
  app.add_option("--proxy-source", s.proxy_source,
                 "address of the first client in it; each client has the next one")
      ->capture_default_str();
}

void AddTlsFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("TLS");
  app.add_option("--ca", s.ca_file, "authorities to trust (PEM); without: the system's");
  app.add_option(
      "--cert", s.certificate_file,
      "certificate of the clients (PEM); with {i} in its name: of each, from 0 on as many "
      "as there are, shared out in turns");
  app.add_option("--key", s.key_file, "its key (PEM); {i} as in --cert");
  app.add_flag("--insecure", s.insecure, "believe every certificate");
  app.add_flag("--tls-resume", s.tls_resume, "resume TLS sessions instead of full handshakes");
  app.add_option("--psk-identity", s.psk_identity, "name of a pre-shared key, instead of --ca");
  app.add_option("--psk", s.psk_hex_key, "that key, in hexadecimal digits");
  app.add_option("--keylog", s.keylog_file, "append the keys of TLS sessions, for Wireshark");
}

void AddHostFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Host");
  app.add_option("--threads", s.threads, "threads of a process")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
         "--processes", s.processes,
         "share the connections out to so many processes, for more descriptors than one may "
         "have")
      ->check(CLI::Range(1, 64));
  app.add_option("--cpu-list", s.cpus, "threads stay on these cores in turns, as 0,2-3");
  app.add_option("--source-ip", s.sources,
                 "spread connections over these addresses, as 10.0.0.1,10.0.0.2 or 10.0.0.0/28; a "
                 "number: so many of 127.0.0.0/8");
  app.add_option("--engine", s.engine, "auto, io_uring or epoll")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}))
      ->capture_default_str();
}

}  // namespace ringmq::bench
