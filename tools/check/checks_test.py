#!/usr/bin/python3
"""Shows that each check beside this file can fail, and does not when it should not.

Each test makes a small tree, runs the check on it as ctest does, and looks at what it says.

SPDX-License-Identifier: Apache-2.0
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import source

HERE = pathlib.Path(__file__).resolve().parent
HEAD = "// What, why.\n//\n// SPDX-License-Identifier: Apache-2.0\n"
ID = "MQTT-"  # Apart, so that nobody takes this file for a citation.


def body(code, folder="codec"):
    return HEAD + f"namespace ringmq::{folder} {{\n{code}\n}}  // namespace ringmq::{folder}\n"


def header(code, folder="codec"):
    return body(code, folder).replace(HEAD, HEAD + "#pragma once\n")


class Checks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def run_check(self, name, *arguments):
        done = subprocess.run([sys.executable, HERE / name, "--root", self.root, *arguments],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def assert_fails(self, name, *words):
        code, said = self.run_check(name)
        self.assertEqual(code, 1, said)
        for word in words:
            self.assertIn(word, said)

    def assert_passes(self, name, *arguments):
        code, said = self.run_check(name, *arguments)
        self.assertEqual(code, 0, said)


class Layers(Checks):
    def including(self, path, *includes):
        self.write(path, HEAD + "".join(f"#include {one}\n" for one in includes))

    def test_lets_a_folder_include_what_stands_left_of_it(self):
        self.including("src/session/a.cc", '"codec/packets.h"', '"base/check.h"', "<vector>")
        self.including("src/broker/b.cc", '"session/a.h"', "<openssl/evp.h>", "<thread>")
        self.assert_passes("layers.py")

    def test_refuses_an_include_to_the_right(self):
        self.including("src/codec/a.cc", "<span>", '"broker/config.h"')
        self.assert_fails("layers.py", "src/codec/a.cc:5:", "codec may not include broker")

    def test_refuses_siblings(self):
        self.including("src/routing/a.h", '"session/session.h"')
        self.assert_fails("layers.py", "routing may not include session")

    def test_refuses_clocks_and_sockets_in_pure_folders(self):
        self.including("src/session/a.cc", "<chrono>")
        self.including("src/routing/a.cc", "<sys/socket.h>")
        self.assert_fails("layers.py", "impure is not for", "posix is not for")

    def test_keeps_libraries_in_the_files_meant_for_them(self):
        self.including("src/reactor/uring_ring.cc", "<liburing.h>")
        self.including("src/transport/tls_engine.cc", "<openssl/ssl.h>")
        self.assert_passes("layers.py")
        self.including("src/reactor/epoll_ring.cc", "<liburing.h>")
        self.including("src/transport/queue.cc", "<openssl/ssl.h>")
        self.assert_fails("layers.py", "epoll_ring.cc:4", "queue.cc:4")

    def test_refuses_what_the_table_does_not_know(self):
        self.including("src/broker/a.cc", "<boost/asio.hpp>")
        self.including("src/surprise/a.cc", "<vector>")
        self.assert_fails("layers.py", "unknown to", "no row of")


class Sizes(Checks):
    def function(self, lines, name="Grow"):
        return f"void {name}() {{\n" + "  Step();\n" * (lines - 2) + "}"

    def test_counts_lines_of_files_functions_and_characters(self):
        self.write("src/codec/a.cc", body(self.function(60)))
        self.assert_passes("sizes.py")
        self.write("src/codec/b.cc", body(self.function(61)))
        self.write("src/codec/c.cc", body("\n" * 600))
        self.write("src/codec/d.cc", body("// " + "x" * 98))
        self.assert_fails("sizes.py", "b.cc:5: Grow: 61, allowed 60", "c.cc:1: file: 606",
                          "d.cc:5: line-5: 101")

    def test_counts_members_tests_and_lambdas_too(self):
        shelf = "class Shelf {\n public:\n" + self.function(70) + "\n};"
        self.write("src/codec/a.h", header(shelf))
        self.write("tests/codec/a_test.cc",
                   body(self.function(70).replace("void Grow()", "TEST(Shelf, HoldsBooks)")))
        self.write("src/codec/b.cc", body("const auto kGrow = []() {\n" + "Step();\n" * 70 + "};"))
        self.assert_fails("sizes.py", "a.h:8: Grow: 70", "Shelf.HoldsBooks: 70", "lambda: 72")

    def test_counts_nesting_of_blocks_but_not_of_initialisers(self):
        deep = "void Go() {\n" + "if (x) {\n" * 5 + "}\n" * 5 + "}"
        flat = "void Go() {\n" + "if (x) {\n" * 4 + "f({{{1}, {2}}});\n" + "}\n" * 4 + "}"
        self.write("src/codec/a.cc", body(flat))
        self.assert_passes("sizes.py")
        self.write("src/codec/b.cc", body(deep))
        self.assert_fails("sizes.py", "b.cc:10: nesting-10: 5, allowed 4")

    def test_lets_an_exemption_only_shrink(self):
        listed = self.root / "tools/check/exemptions.txt"
        self.write("src/codec/a.cc", body(self.function(80)))
        self.write("tools/check/exemptions.txt", "# Why.\nsrc/codec/a.cc:Grow 80\n")
        self.assert_passes("sizes.py")
        self.write("src/codec/a.cc", body(self.function(81)))
        self.assert_fails("sizes.py", "Grow: 81, allowed 80")
        self.write("src/codec/a.cc", body(self.function(70)))
        self.assert_fails("sizes.py", "is 70 by now, not 80")
        self.assert_passes("sizes.py", "--update")
        self.assertIn("src/codec/a.cc:Grow 70", listed.read_text())
        self.write("src/codec/a.cc", body(self.function(20)))
        self.assert_passes("sizes.py", "--update")
        self.assertEqual(listed.read_text(), "# Why.\n")


class Reading(unittest.TestCase):
    def test_blanks_comments_and_literals_but_keeps_places(self):
        text = 'a = "x{"; // {\nb = \'{\'; /* {\n{ */ c = 1\'000; R"(})";'
        plain = source.blank(text)
        self.assertEqual(len(plain), len(text))
        self.assertEqual(plain.count("\n"), 2)
        self.assertNotIn("{", plain)
        self.assertNotIn("}", plain)
        self.assertIn("1'000", plain)

    def test_tells_functions_from_what_looks_like_them(self):
        code = """
        namespace n {
        struct Options { int a{1}; std::vector<int> b = {1, 2}; };
        constexpr Table kTable[] = {{1, [](int x) { return x; }}, {2, nullptr}};
        template <class T> T Twice(T x) { return T{x} + T{x}; }
        class Shelf : public Base<int> {
         public:
          class Iterator { public: Iterator() = default; int operator*() const { return 1; } };
          explicit Shelf(int size) : size_{size}, rows_(Make({1})) { Fill(); }
          ~Shelf() override { Empty(); }
          bool operator==(const Shelf& other) const { return size_ == other.size_; }
        };
        auto Late() -> std::pair<int, int> { for (int i : {1, 2}) { Use(i); } return {1, 2}; }
        }"""
        functions = [block.name for block in source._scan(source.blank(code))[0]
                     if block.kind == "function"]
        self.assertEqual(functions, ["Twice", "operator*", "Shelf", "~Shelf", "operator==", "Late"])


class Tokens(Checks):
    def test_finds_each_banned_token(self):
        banned = {
            "shared_ptr": "std::shared_ptr<int> Make();",
            "throw": "void F() { throw 1; }",
            "catch": "void F() { try { G(); } catch (...) {} }",
            "default": "void F() { switch (x) { default: break; } }",
            "thread_local": "void F() { thread_local const int x = 1; }",
            "print": 'void F() { printf("x"); }',
            "clock": "auto F() { return std::chrono::steady_clock::now(); }",
            "sleep": "void F() { usleep(1); }",
            "todo": "// TODO: later",
            "fixme": "// FIXME",
            "friend-test": "class A { friend class ATest; };",
            "global": "int counter = 0;",
        }
        for rule, code in banned.items():
            with self.subTest(rule):
                self.write("src/codec/a.cc", body(code))
                self.assert_fails("tokens.py", f"src/codec/a.cc:5: [{rule}]", "1 complaints")

    def test_finds_mutable_statics_in_all_their_dresses(self):
        for code in ("static std::atomic<int> x{0};", "std::vector<int> names = {1, 2};",
                     "void F() { static int calls = 0; }", "namespace { bool ready; }",
                     "class A { inline static int made = 0; };", "const char* name;"):
            with self.subTest(code):
                self.write("src/codec/a.cc", body(code))
                self.assert_fails("tokens.py", "[global]")

    def test_leaves_constants_and_declarations_alone(self):
        for code in ("constexpr int kX = 1;", "const std::string_view kName = \"x\";",
                     "int F(int);",
                     "const char* const kNames[] = {\"a\"};", "extern const int kX;",
                     "struct A;",
                     "using B = int;", "class A { static int Make(); int x_ = 0; };",
                     "void F() { static const Table kTable = Make(); }",
                     "static_assert(kX == 1);", "enum class C : uint8_t { kA, kB };"):
            with self.subTest(code):
                self.write("src/codec/a.cc", body(code))
                self.assert_passes("tokens.py")

    def test_reads_code_not_comments_and_strings(self):
        self.write("src/codec/a.cc", body('// We never throw, nor use std::shared_ptr.\n'
                                          'const char* const kText = "default: catch (x)";\n'
                                          "// TODO(ann): issue 7.\nA(const A&) = default;"))
        self.assert_passes("tokens.py")

    def test_takes_an_exception_with_a_reason_only(self):
        line = "switch (x) {\n// check:allow(default){}\ndefault: break; }"
        self.write("src/codec/a.cc",
                   body("void F() { " + line.replace("{}", ": a byte of the wire") + "}"))
        self.assert_passes("tokens.py")
        self.write("src/codec/a.cc", body("void F() { " + line.replace("{}", "") + "}"))
        self.assert_fails("tokens.py", "[default]")

    def test_asks_for_licence_pragma_and_namespace(self):
        self.write("src/codec/a.h", body("int F();", "broker").replace("SPDX", "SPD"))
        self.assert_fails("tokens.py", "[spdx]", "[pragma-once]", "[namespace]")

    def test_refuses_to_open_a_namespace_in_a_header(self):
        self.write("src/codec/a.h", header("using namespace std;"))
        self.assert_fails("tokens.py", "[using-namespace]")
        self.write("src/codec/a.h", header("inline int F() { using namespace std; return 1; }"))
        self.assert_passes("tokens.py")


class Headers(Checks):
    def build(self):
        file = str(self.root / "src/codec/a.cc")
        command = f"/usr/bin/ccache g++ -std=c++20 -Wall -I{self.root}/src -o a.o -c {file}"
        entry = {"directory": str(self.root), "command": command, "file": file}
        self.write("build/compile_commands.json", json.dumps([entry]))
        return ["--build", str(self.root / "build")]

    def test_finds_a_header_that_leans_on_its_includer(self):
        self.write("src/codec/good.h", header("inline int F() { return 1; }"))
        self.assert_passes("headers.py", *self.build())
        self.write("src/codec/bad.h", header("std::string G();"))
        code, said = self.run_check("headers.py", *self.build())
        self.assertEqual(code, 1)
        self.assertIn("src/codec/bad.h does not compile alone", said)
        self.assertNotIn("good.h", said)


class Requirements(Checks):
    def tree(self, code, test, untestable="", allowed="uncited 0\nuntested 0\n"):
        self.write("tools/check/mqtt5-statements.txt", f"# All.\n{ID}1.2-1\n{ID}3.1.2-4\n")
        self.write("tools/check/untestable.txt", untestable)
        self.write("tools/check/requirements.txt", allowed)
        self.write("src/codec/a.cc", code)
        self.write("tests/codec/a_test.cc", test)

    def test_passes_if_each_statement_is_cited_tested_or_excused(self):
        self.tree(f"// [{ID}3.1.2-4]\n", f"// [{ID}3.1.2-4]\n", f"{ID}1.2-1 client does it\n")
        self.assert_passes("requirements.py")

    def test_lists_what_nobody_cites_and_nobody_tests(self):
        self.tree(f"// [{ID}3.1.2-4]\n", f"// [{ID}1.2-1]\n")
        self.assert_fails("requirements.py", f"uncited: 1 of 2, allowed 0\n  {ID}1.2-1",
                          f"untested: 1 of 2, allowed 0\n  {ID}3.1.2-4")

    def test_lets_the_open_statements_only_become_fewer(self):
        self.tree("", "", "", "uncited 2\nuntested 2\n")
        self.assert_passes("requirements.py")
        self.tree("", "", "", "uncited 2\nuntested 1\n")
        self.assert_fails("requirements.py", "untested: 2 statements, allowed 1")

    def test_refuses_statements_that_do_not_exist(self):
        self.tree(f"// [{ID}9.9.9-9]\n", "", f"{ID}1.2-7 client x\n{ID}1.2-1 whatever x\n",
                  "uncited 2\nuntested 2\n")
        self.assert_fails("requirements.py", f"src/codec/a.cc:1: {ID}9.9.9-9 is no statement",
                          f"{ID}1.2-7 is no statement", f"{ID}1.2-1 needs a kind")


class Format(Checks):
    @unittest.skipUnless(shutil.which("clang-format"), "no clang-format here")
    def test_finds_and_mends_what_is_out_of_shape(self):
        self.write(".clang-format", (HERE.parent.parent / ".clang-format").read_text())
        self.write("src/codec/a.cc", body("int   F( int x ){return x ;}"))
        self.assert_fails("format.py", "src/codec/a.cc:5: differs")
        self.run_check("format.py", "--fix")
        self.assert_passes("format.py")


class Systemd(Checks):
    UNIT = HERE.parent.parent / "systemd/ringmqd.service"

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
    def test_finds_unknown_settings_and_open_doors(self):
        text = self.UNIT.read_text()
        self.write("systemd/ringmqd.service", text)
        self.assert_passes("systemd_unit.py")
        self.write("systemd/ringmqd.service", text.replace("WatchdogSec", "WatchDogSeconds"))
        self.assert_fails("systemd_unit.py", "WatchDogSeconds")
        self.write("systemd/ringmqd.service", text.replace("ProtectSystem=strict", "").replace(
            "CapabilityBoundingSet=CAP_NET_BIND_SERVICE", ""))
        self.assert_fails("systemd_unit.py", "exposure")


class Packaging(Checks):
    TREE = HERE.parent.parent
    PORT, RECIPE = "packaging/vcpkg/ringmq/vcpkg.json", "packaging/conan/conanfile.py"

    def setUp(self):
        super().setUp()
        for pattern in ("CMakeLists.txt", "LICENSE", "packaging/**/*", "tools/cmake/*",
                        "include/ringmq/client.h", "src/*/CMakeLists.txt", "src/*/*.cmake"):
            for path in self.TREE.glob(pattern):
                if path.is_file():
                    self.write(path.relative_to(self.TREE), path.read_text())

    def change(self, path, old, new):
        text = (self.root / path).read_text()
        self.assertIn(old, text)
        self.write(path, text.replace(old, new))

    def test_passes_on_our_own(self):
        self.assert_passes("packaging.py")

    def test_finds_another_version(self):
        self.change("CMakeLists.txt", "project(ringmq VERSION ", "project(ringmq VERSION 9.")
        self.assert_fails("packaging.py", self.PORT + ":1: version ")
        self.assert_fails("packaging.py", self.RECIPE + ":1: version ")

    def test_finds_a_dependency_that_one_of_them_lacks(self):
        self.change(self.PORT, '"liburing",', "")
        self.assert_fails("packaging.py", "dependencies: liburing is missing")
        self.change(self.RECIPE, 'self.requires("fmt/', 'self.requires("boost/')
        self.assert_fails("packaging.py", "requirements: fmt is missing")
        self.assert_fails("packaging.py", "requirements: boost is too much")
        self.change("src/client/CMakeLists.txt", "find_package(OpenSSL", "find_package(Brotli")
        self.assert_fails("packaging.py", "which package has Brotli?")

    def test_finds_options_files_archives_and_components_that_do_not_exist(self):
        self.change("CMakeLists.txt", "option(RINGMQ_BENCHES", "option(RINGMQ_MEASURES")
        self.assert_fails("packaging.py", "options: RINGMQ_BENCHES is missing")
        self.change(self.RECIPE, '"include/*"', '"headers/*"')
        self.assert_fails("packaging.py", "headers/* is no file of ours")
        self.change(self.RECIPE, '"ringmq-broker"]', '"broker"]')
        self.assert_fails("packaging.py", "libs: ringmq-broker is missing")
        self.change("tools/cmake/ringmq.pc.in", "absl_status,", "absl_cord,")
        self.assert_fails("packaging.py", "ABSL_CLIENT: cord is missing")


if __name__ == "__main__":
    unittest.main()
