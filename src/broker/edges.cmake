# The broker's edges: configuration, rights, passwords, log, and what systemd is told.
# SPDX-License-Identifier: Apache-2.0
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_library(RINGMQ_SYSTEMD_LIBRARY systemd REQUIRED)

set(RINGMQ_BROKER_EDGE_SOURCES
  acl.cc acl_file.cc auth.cc auth_worker.cc command_line.cc config.cc config_default.cc
  config_fields.cc config_file.cc enhanced_auth.cc filter_match.cc log.cc memory.cc
  nearest_name.cc notify.cc password_file.cc password_hash.cc text_file.cc)
set(RINGMQ_BROKER_EDGE_DEPS
  ringmq_base absl::flat_hash_map absl::status absl::statusor absl::strings fmt::fmt
  spdlog::spdlog CLI11::CLI11 OpenSSL::Crypto Threads::Threads ${RINGMQ_SYSTEMD_LIBRARY})

ringmq_library(ringmq_broker_edges
  SOURCES ${RINGMQ_BROKER_EDGE_SOURCES}
  DEPS ${RINGMQ_BROKER_EDGE_DEPS})
