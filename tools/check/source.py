"""Reads C++ sources for the checks beside this file: comments and literals blanked, blocks found.

No parser of C++: a tracker of braces that tells namespaces, types, functions, control blocks and
initialisers apart by what stands before each brace. It is right on this tree's style, and cheap.

SPDX-License-Identifier: Apache-2.0
"""

import dataclasses
import functools
import pathlib
import re

SUFFIXES = (".h", ".cc")

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)


def blank(text):
    """The same text, as long, with comments, and the insides of literals, turned into spaces."""
    def spaces(match):
        token = match.group(0)
        quote = token[-1] if token[0] != "/" else None
        kept = re.sub(r"[^\n]", " ", token)
        return quote + kept[1:-1] + quote if quote else kept
    return _TOKEN.sub(spaces, text)


@dataclasses.dataclass
class Block:
    kind: str      # namespace, type, function, lambda, control or initialiser
    header: str    # what stands between the previous statement and the brace, on one line
    first: int     # line on which the header starts
    last: int      # line of the closing brace
    depth: int     # nesting of control blocks inside the innermost function
    name: str = ""


class Source:
    """One file: `path` relative to the root, `text` as it is, `code` without comments."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    @functools.cached_property
    def code(self):
        return blank(self.text)

    @functools.cached_property
    def code_lines(self):
        return self.code.splitlines()

    @functools.cached_property
    def includes(self):
        """Pairs of line number and what is included, with its quotes or angle brackets."""
        pattern = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')
        found = ((number, pattern.match(line)) for number, line in enumerate(self.lines, 1))
        return [(number, match.group(1)) for number, match in found if match]

    @functools.cached_property
    def _scan(self):
        return _scan(self.code)

    @property
    def blocks(self):
        return self._scan[0]

    @property
    def statements(self):
        """Triples of line, enclosing kind and text of each statement that ends in a semicolon."""
        return self._scan[1]


def sources(root, folders, suffixes=SUFFIXES):
    root = pathlib.Path(root)
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            if path.suffix in suffixes and not {"testdata", "node_modules"} & set(inside):
                yield Source(root, path)


_CONTROL = re.compile(r"^(?:\}?\s*)?(?:else\b|do\b|if\b|for\b|while\b|switch\b|try\b|catch\b|"
                      r"case\b|default\s*:|(?:co_)?return\b)")
_ACCESS = re.compile(r"\s*(?:public|private|protected)\s*$")
_LABEL = re.compile(r"^(?:\s*(?:case\b[^;{}]*?[^:]|default\s*|public|private|protected)\s*:(?!:))+")


def _kind(header, outer):
    """What a brace opens, told from the text before it and the kind of block around it."""
    text = re.sub(r"^\s*template\s*<.*?>\s*(?=\w|\[)", "", _LABEL.sub("", header).strip())
    text = re.sub(r"\[\[.*?\]\]|alignas\s*\([^)]*\)", " ", text).strip()
    if re.match(r"(inline\s+)?namespace\b|extern\s+\"\s*\"$", text):
        return "namespace"
    if re.search(r"\]\s*(\([^{}]*\))?\s*(mutable|noexcept|constexpr|\s)*(->[^(){}]*)?$", text):
        if re.search(r"\[[^\[\]]*\]\s*(\(|mutable|noexcept|->|$)", text) and not re.search(
                r"\w\s*\[[^\]]*\]\s*$", text):
            return "lambda"
    if outer in ("namespace", "type"):
        if re.match(r"(typedef\s+)?(class|struct|union|enum)\b", text) and "(" not in text:
            return "type"
        if _assigns(text) or "(" not in text:
            return "initialiser"
        # In a constructor's list, `member_{` initialises; the body follows `)` or `}`.
        if re.search(r"\)\s*(noexcept\s*)?:(?!:)", text) and re.search(r"[\w>]\s*$", text):
            return "initialiser"
        return "function"
    if outer == "initialiser":
        return "initialiser"
    if re.match(r"(class|struct|union|enum)\b[^(=]*$", text):
        return "type"
    control = _CONTROL.match(text or "do")
    if control and not re.match(r"(co_)?return\b", control.group(0).strip()):
        inside = text.rstrip()
        if inside.endswith(")") or re.search(r"(else|do|try|:|^)$", inside) or not inside:
            return "control"
    return "initialiser"


def _assigns(text):
    """Whether an `=` stands outside parentheses and is no part of an operator's name."""
    depth = 0
    plain = re.sub(r"operator\s*[^\w\s(]+|[=!<>]=|<[^<>;(){}]*>", " ", text)
    for character in plain:
        depth += (character in "([") - (character in ")]")
        if character == "=" and depth == 0:
            return True
    return False


def _name(header):
    """The name of a function, macro arguments of a TEST included."""
    text = re.sub(r"^\s*template\s*<.*?>\s*(?=\w|\[)", "", _LABEL.sub("", header).strip())
    test = re.match(r"\w*TEST\w*\s*\(([^)]*)\)", text)
    if test:
        return re.sub(r"\s*,\s*", ".", test.group(1).strip())
    match = re.search(r"((?:[\w~]+(?:<[^<>]*>)?::)*(?:operator\s*(?:\(\)|[^\w\s(]+|[\w ]+)|~?\w+))"
                      r"\s*\(", re.sub(r"\[\[.*?\]\]|alignas\s*\([^)]*\)", " ", text))
    return match.group(1).replace(" ", "") if match else "?"


def _scan(code):
    # Preprocessor lines, continued ones too, would unbalance braces.
    code = re.sub(r"(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code)
    blocks, statements, stack = [], [], []
    start, line, start_line, parens = 0, 1, None, 0
    heads = []  # For initialisers: the statement goes on behind them.
    for index, character in enumerate(code):
        if character == "\n":
            line += 1
            continue
        if not character.isspace() and start_line is None:
            start_line = line
        if character in "()":
            parens += 1 if character == "(" else -1
        elif character == ":" and _ACCESS.match(code, start, index):
            start, start_line = index + 1, None
        elif character == "{":
            header = " ".join(code[start:index].split())
            outer = stack[-1].kind if stack else "namespace"
            kind = _kind(header, outer)
            if parens > 0 and kind != "lambda":
                kind = "initialiser"
            depth = stack[-1].depth if stack and kind not in ("function", "lambda") else 0
            block = Block(kind, header, start_line or line, line, depth + (kind == "control"))
            if kind == "function":
                block.name = _name(header)
            heads.append((start, start_line, parens))
            stack.append(block)
            start, start_line, parens = index + 1, None, 0
        elif character == "}" and stack:
            block = stack.pop()
            block.last = line
            blocks.append(block)
            head = heads.pop()
            if block.kind in ("initialiser", "lambda"):
                start, start_line, parens = head
            else:
                start, start_line, parens = index + 1, None, head[2]
        elif character == ";" and parens <= 0:
            text = " ".join(code[start:index].split())
            if text:
                statements.append((start_line or line, stack[-1].kind if stack else "namespace",
                                   text))
            start, start_line = index + 1, None
    return blocks, statements
