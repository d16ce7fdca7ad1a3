# SPDX-License-Identifier: Apache-2.0
ringmq_test(ringmq_broker_edges_tests
  SOURCES acl_allocation_test.cc acl_file_test.cc acl_test.cc auth_worker_test.cc
          command_line_test.cc config_test.cc enhanced_auth_test.cc filter_match_test.cc
          log_test.cc memory_test.cc notify_test.cc password_file_test.cc password_hash_test.cc
          text_file_test.cc
  DEPS ringmq_broker_edges)
