"""Conan 2: builds the tree that this recipe stands in. See packaging/README.md.

SPDX-License-Identifier: Apache-2.0
"""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps


class Ringmq(ConanFile):
    name = "ringmq"
    version = "0.1.0"
    description = "MQTT client library and embeddable broker on io_uring"
    license = "Apache-2.0"
    topics = ("mqtt", "io_uring", "broker", "client")
    package_type = "static-library"
    settings = "os", "arch", "compiler", "build_type"

    # What CMake reads with the options below, from the root of the tree.
    SOURCES = ("CMakeLists.txt", "LICENSE", "include/*", "src/*", "tools/cmake/*")
    OPTIONS = {"RINGMQ_TOOLS": False, "RINGMQ_TESTS": False, "RINGMQ_BENCHES": False}

    # The components of Abseil that each archive links.
    ABSL_CLIENT = ("flat_hash_map", "inlined_vector", "status", "statusor", "strings")
    ABSL_BROKER = ("btree", "flat_hash_set", "function_ref", "hash", "str_format")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("ringmq needs Linux")
        check_min_cppstd(self, 20)

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in self.SOURCES:
            copy(self, pattern, root, self.export_sources_folder)

    # From what Debian 12 has, which is what the tree is tested with.
    def requirements(self):
        self.requires("abseil/[>=20220623]")
        self.requires("cli11/[>=2.1 <3]")
        self.requires("fmt/[>=9]")
        self.requires("liburing/[>=2.3 <3]")
        self.requires("libsystemd/[>=252]")
        self.requires("openssl/[>=3.0 <4]")
        self.requires("spdlog/[>=1.10 <2]")
        self.requires("tomlplusplus/[>=3.3 <4]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update(self.OPTIONS)
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install(component="development")

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "ringmq")
        client = self.cpp_info.components["client"]
        client.libs = ["ringmq"]
        client.set_property("cmake_target_name", "ringmq::client")
        client.set_property("pkg_config_name", "ringmq")
        client.system_libs = ["pthread"]
        client.requires = ["liburing::liburing", "openssl::ssl", "openssl::crypto"]
        client.requires += [f"abseil::absl_{name}" for name in self.ABSL_CLIENT]
        broker = self.cpp_info.components["broker"]
        broker.libs = ["ringmq-broker"]
        broker.set_property("cmake_target_name", "ringmq::broker")
        broker.set_property("pkg_config_name", "ringmq-broker")
        broker.requires = ["client", "fmt::fmt", "spdlog::spdlog", "libsystemd::libsystemd",
                           "cli11::cli11", "tomlplusplus::tomlplusplus"]
        broker.requires += [f"abseil::absl_{name}" for name in self.ABSL_BROKER]
