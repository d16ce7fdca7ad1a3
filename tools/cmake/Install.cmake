# What others build against: two static libraries, the public headers, a CMake package and
# pkg-config files.
#
#   libringmq.a         the client:  ringmq::client, ringmq.pc
#   libringmq-broker.a  the broker:  ringmq::broker, ringmq-broker.pc; needs the first
#
# Each is one archive of everything of ours that it needs, so that nobody has to know our folders.
# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)

function(ringmq_bundle name)
  cmake_parse_arguments(ARG "" "EXPORT_NAME;OUTPUT_NAME" "FOLDERS;DEPS" ${ARGN})
  set(objects)
  foreach(folder ${ARG_FOLDERS})
    list(APPEND objects $<TARGET_OBJECTS:${folder}>)
  endforeach()
  add_library(${name} STATIC ${objects})
  set_target_properties(${name} PROPERTIES
    EXPORT_NAME ${ARG_EXPORT_NAME} OUTPUT_NAME ${ARG_OUTPUT_NAME} LINKER_LANGUAGE CXX)
  target_include_directories(${name} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  install(TARGETS ${name} EXPORT ringmq ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          COMPONENT development)
endfunction()

ringmq_bundle(ringmq_client_bundle EXPORT_NAME client OUTPUT_NAME ringmq
  FOLDERS ringmq_base ringmq_reactor ringmq_codec ringmq_transport ringmq_tls ringmq_client
  DEPS uring absl::flat_hash_map absl::inlined_vector absl::status absl::statusor absl::strings
       OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
ringmq_bundle(ringmq_broker_bundle EXPORT_NAME broker OUTPUT_NAME ringmq-broker
  FOLDERS ringmq_session ringmq_routing ringmq_shard ringmq_broker_edges ringmq_broker
  DEPS ringmq_client_bundle absl::btree absl::flat_hash_map absl::flat_hash_set
       absl::function_ref absl::hash absl::inlined_vector absl::str_format absl::strings fmt::fmt
       spdlog::spdlog OpenSSL::Crypto Threads::Threads systemd)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/ringmq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development)
install(EXPORT ringmq NAMESPACE ringmq:: FILE ringmqTargets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ringmq COMPONENT development)
configure_package_config_file(tools/cmake/ringmqConfig.cmake.in ringmqConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ringmq)
# Before 1.0 anything may change with the minor version.
write_basic_package_version_file(ringmqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringmqConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/ringmqConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/ringmq COMPONENT development)
# Wherever the tree is moved to, the files find it.
file(RELATIVE_PATH RINGMQ_PC_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
foreach(package ringmq ringmq-broker)
  configure_file(tools/cmake/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
