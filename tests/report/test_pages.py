# SPDX-License-Identifier: Apache-2.0
"""The HTML pages, read by parsers of XML and HTML that are not ours: whole, safe, in their place."""
import functools
import html.parser
import itertools
import math
import os
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title></style><script>alert('x')</script>&amp;\""
# A phone, and as wide as a page ever gets; less the margins that style.cc gives a plot.
NARROW, WIDE = 390 - 24 - 70, 1080 - 40 - 84
# Of a character of a label at 12 px, rather too wide.
CHARACTER = 7.2
COLUMNS_MAX = 240
# What becomes of linear red, green and blue in eyes of each kind: Machado, Oliveira and Fernandes,
# "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1.
SIGHT = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602),
                   (0.004733, 0.691367, 0.303900)),
}


def lab(linear):
    """CIELAB, in which equal distances look about equally far apart."""
    red, green, blue = (min(max(share, 0), 1) for share in linear)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


class Tags(html.parser.HTMLParser):
    """Complains like a browser's console would: about what is opened and never closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.wrong = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class Page:
    def __init__(self, path):
        with open(path, encoding="utf8") as file:
            self.source = file.read()
        self.root = xml.etree.ElementTree.fromstring(self.source)
        self.figures = {figure.get("id"): figure for figure in self.all("figure")}

    def all(self, tag, under=None):
        return [each for each in (self.root if under is None else under).iter()
                if each.tag in (XHTML + tag, SVG + tag)]

    def text(self, under=None):
        return "".join((self.root if under is None else under).itertext())

    def of_class(self, name, under=None):
        return [each for each in (self.root if under is None else under).iter()
                if name in each.get("class", "").split()]

    def table(self, caption):
        for table in self.all("table"):
            if self.text(self.all("caption", table)[0]) == caption:
                return [[self.text(cell) for cell in row] for row in self.all("tr", table)]
        raise AssertionError(f"no table {caption}")


@functools.cache
def pages():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.environ["REPORT_SAMPLES"], folder], check=True)
        return {name.removesuffix(".html"): Page(os.path.join(folder, name))
                for name in os.listdir(folder) if name.endswith(".html")}


class Pages(unittest.TestCase):
    def setUp(self):
        self.pages = pages()


def of_each_page(check):
    """Makes a test of all pages out of a check of one."""
    @functools.wraps(check)
    def test(self):
        self.assertGreaterEqual(len(self.pages), 10)
        for name, page in self.pages.items():
            with self.subTest(page=name):
                check(self, page)
    return test


def of_each_plot(check):
    @functools.wraps(check)
    def test(self):
        plots = [(name, page, plot) for name, page in self.pages.items()
                 for plot in page.of_class("plot")]
        self.assertGreaterEqual(len(plots), 40)
        for name, page, plot in plots:
            with self.subTest(page=name, plot=plot.get("aria-label")):
                check(self, page, plot)
    return test


class EveryPage(Pages):
    @of_each_page
    def test_is_well_formed_html_too(self, page):
        tags = Tags()
        tags.feed(page.source)
        tags.close()
        self.assertEqual((tags.open, tags.wrong), ([], []))
        self.assertTrue(page.source.startswith("<!DOCTYPE html>"))

    @of_each_page
    def test_needs_nothing_but_itself(self, page):
        tags = {each.tag.rpartition("}")[2] for each in page.root.iter()}
        self.assertFalse(tags & {"script", "link", "img", "iframe", "object", "foreignObject"})
        style = page.text(page.all("style")[0])
        self.assertNotRegex(style, r"url\(|@import|@font-face")
        for each in page.root.iter():
            for name in each.attrib:
                self.assertFalse(name.startswith("on") or name in ("src", "style"), name)

    def test_links_lead_to_files(self):
        links = 0
        for page in self.pages.values():
            for link in page.all("a"):
                self.assertRegex(link.get("href"), r"^/?[A-Za-z0-9._~%-][A-Za-z0-9/._~%-]*$")
                links += 1
        self.assertGreater(links, 20)

    @of_each_page
    def test_begins_with_the_verdict_and_has_a_title(self, page):
        first = page.all("main")[0][0]
        self.assertIn("verdict", first.get("class"))
        self.assertGreater(len(page.text(first)), 3)
        self.assertIn("mqtt-bench", page.text(page.all("title")[0]))

    @of_each_page
    def test_ids_are_given_once(self, page):
        ids = [each.get("id") for each in page.root.iter() if each.get("id")]
        self.assertEqual(len(ids), len(set(ids)))

    @of_each_page
    def test_is_small(self, page):
        self.assertLess(len(page.source.encode()), 1_000_000)


class EveryChart(Pages):
    @of_each_plot
    def test_says_what_it_shows_and_in_which_unit(self, page, plot):
        self.assertGreater(len(plot.get("aria-label")), 20)
        titles = [page.text(text) for text in page.of_class("axis", plot)]
        self.assertEqual(len(titles), 1 if "bare" in plot.get("class") else 2)
        self.assertTrue(all(titles), titles)
        self.assertGreaterEqual(len(page.of_class("tick", plot)), 3)

    @of_each_plot
    def test_shows_something(self, page, plot):
        shapes = [each for each in plot.iter()
                  if set(each.get("class", "").split()) & {"line", "area", "bar"} or
                  re.fullmatch("h[1-8]", each.get("class", ""))]
        self.assertTrue(shapes)

    @of_each_plot
    def test_stays_within_itself(self, page, plot):
        height = float(plot.get("height"))
        for each in plot.iter():
            for name in ("x", "x1", "x2", "cx", "width"):
                value = each.get(name, "")
                if value.endswith("%"):
                    self.assertTrue(0 <= float(value[:-1]) <= 100, value)
            if each.tag == SVG + "rect" and each.get("x", "").endswith("%"):
                right = float(each.get("x")[:-1]) + float(each.get("width")[:-1])
                self.assertLessEqual(right, 100.02)
                self.assertLessEqual(float(each.get("y")) + float(each.get("height")),
                                     height + 0.02)
            for name in ("y1", "y2", "cy"):
                if each.get(name) is not None:
                    self.assertTrue(-0.01 <= float(each.get(name)) <= height + 0.01)
        for inner in plot.iter(SVG + "svg"):
            if inner.get("viewBox"):
                self.check_paths(inner)

    def check_paths(self, inner):
        _, _, width, height = map(float, inner.get("viewBox").split())
        for path in inner.iter(SVG + "path"):
            d = path.get("d")
            self.assertRegex(d, r"^M[-MLVHhZz0-9. ]+$")
            for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", d):
                self.assertTrue(0 <= float(x) <= width, x)
                self.assertTrue(0 <= float(y) <= height, y)

    @of_each_plot
    def test_labels_do_not_touch_on_a_phone_nor_on_a_desk(self, page, plot):
        ticks = page.of_class("tick", plot)
        across = [tick for tick in ticks if tick.get("x").endswith("%")]
        down = sorted(float(tick.get("y")) for tick in ticks if tick not in across)
        for above, below in zip(down, down[1:]):
            self.assertGreaterEqual(below - above, 12)
        for width in (NARROW, WIDE):
            shown = [tick for tick in across
                     if width == WIDE or "spare" not in tick.get("class").split()]
            spans = []
            for tick in shown:
                middle = float(tick.get("x")[:-1]) / 100 * width
                half = len(page.text(tick)) * CHARACTER / 2
                spans.append((middle - half, middle + half, page.text(tick)))
            spans.sort()
            for left, right in zip(spans, spans[1:]):
                self.assertLess(left[1], right[0], (width, left, right))

    @of_each_plot
    def test_has_few_parts_however_long_the_run(self, page, plot):
        self.assertLessEqual(len(page.of_class("hover", plot)), COLUMNS_MAX)


class Report(Pages):
    def test_a_full_one_has_every_chart_in_its_order(self):
        self.assertEqual(list(self.pages["full"].figures),
                         ["percentiles", "histogram", "traffic", "heat", "lag", "broker-cpu",
                          "broker-memory", "connecting"])
        self.assertEqual(list(self.pages["hour"].figures), list(self.pages["full"].figures))

    def test_percentiles_are_blank_where_too_few_samples_support_them(self):
        rows = {row[0]: row[1:] for row in self.pages["full"].table("Latency")}
        self.assertEqual(rows[""], ["response", "service", "ack", "send lag"])
        self.assertEqual(rows["samples"], ["1 200 000"] * 4)
        self.assertEqual(rows["p99.999"], [""] * 4)
        self.assertTrue(all(rows["p99.99"]))
        places = [float(dot.get("cx")[:-1]) for dot in
                  self.pages["full"].of_class("dot", self.pages["full"].figures["percentiles"])]
        self.assertEqual(len(places), 3 * 7)

    def test_points_say_what_they_stand_for(self):
        page = self.pages["full"]
        titles = [page.text(title) for title in page.all("title", page.figures["percentiles"])]
        self.assertRegex(titles[0], r"^response p50: \d+µs$")
        hovers = [page.text(title) for title in page.all("title", page.figures["traffic"])]
        self.assertIn("30s to 31s: delivered 14k/s, sent 20k/s, offered 20k/s, 1 errors", hovers)

    def test_a_closed_loop_has_neither_response_time_nor_send_lag(self):
        page = self.pages["closed-loop"]
        self.assertNotIn("lag", page.figures)
        self.assertEqual(page.table("Latency (closed loop, service time only)")[0],
                         ["", "service", "ack"])
        self.assertNotIn("response", page.text(page.figures["percentiles"]))
        self.assertNotIn("offered", page.text(page.figures["traffic"]))
        self.assertIn("service time", page.text(page.figures["heat"]))

    def test_a_broker_that_nobody_watched_has_no_charts(self):
        page = self.pages["unwatched"]
        self.assertFalse({"broker-cpu", "broker-memory"} & set(page.figures))
        shades = page.of_class("shade", page.figures["traffic"])
        self.assertEqual([page.text(shade) for shade in shades], ["warm-up", "drain"])

    def test_connections_alone_make_a_page(self):
        page = self.pages["connections"]
        self.assertEqual(list(page.figures), ["connecting"])
        self.assertEqual(page.table("Connecting")[0], ["", "TCP connect", "CONNACK"])

    def test_nothing_makes_a_page(self):
        self.assertEqual(self.pages["empty"].figures, {})

    def test_hostile_text_is_text(self):
        page = self.pages["hostile"]
        text = page.text()
        self.assertGreaterEqual(text.count(HOSTILE), 12)
        self.assertIn(HOSTILE, page.text(page.all("title")[0]))
        tags = Tags()
        tags.feed(page.source)
        self.assertNotIn("script", tags.seen)
        # A reader of XML would not come so far if there were a control character.
        self.assertIn(HOSTILE + " ????", text)

    def test_the_saturation_curve_marks_the_knee_and_leads_to_each_run(self):
        page = self.pages["search"]
        figure = page.figures["saturation"]
        marks = [page.text(mark) for mark in page.of_class("mark-text", figure)]
        self.assertEqual(marks, ["knee 175k/s", "holds 175k/s"])
        links = [link.get("href") for link in page.all("a", figure)]
        # p50 and p99 of nine rates, p99.9 of eight.
        self.assertEqual(len(links), 26)
        self.assertEqual(set(links), {f"search/{i}.json" for i in range(1, 10)})
        self.assertEqual(page.of_class("plot", figure)[0].get("role"), "group")
        table = page.table("Search")
        self.assertEqual(len(table), 10)
        self.assertEqual(table[7][0], "175.0k/s")
        self.assertIn("holds, the highest that does, the knee", table[7][-1])
        self.assertEqual((table[9][-2], table[9][-1].strip()), ("", "does not"))
        links = [link.get("href") for link in page.all("a")]
        self.assertEqual(links.count("search/7.json"), 4)  # Of three dots and a row.

    def test_a_comparison_overlays_curves_and_says_what_is_worse(self):
        page = self.pages["compare"]
        self.assertIn("worse", page.text(page.of_class("verdict")[0]))
        self.assertEqual(list(page.figures)[:3], ["response", "service", "ack"])
        lines = page.of_class("line", page.figures["response"])
        plot = page.of_class("plot", page.figures["response"])[0]
        classes = [line.get("class") for line in page.of_class("line", plot)]
        self.assertEqual(classes.count("line s0"), 1)
        self.assertEqual(classes.count("line s1"), 1)
        self.assertEqual(classes.count("line s1 faint"), 6)
        self.assertGreater(len(lines), len(classes))  # The key has samples of them.
        rows = {row[0]: row for row in page.table("Figures of both")}
        self.assertTrue(rows["p99 response"][-1].startswith("✗ worse: +"))
        self.assertTrue(rows["received per s"][-1].startswith("= equivalent"))
        self.assertEqual(len(page.of_class("interval")), len(rows) - 1)
        single = self.pages["compare-single"]
        for row in single.table("Figures of both")[1:]:
            self.assertTrue(row[-1].startswith("? cannot tell"), row)
        self.assertFalse(single.of_class("interval"))


class Colours(Pages):
    def themes(self):
        style = self.pages["full"].text(self.pages["full"].all("style")[0])
        blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
        self.assertEqual(len(blocks), 2)
        return [dict(re.findall(r"--(\w+): (#\w{6})\w*;", block)) for block in blocks]

    @staticmethod
    def linear(colour):
        shares = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
                for share in shares]

    def light(self, colour):
        """Relative luminance as the Web Content Accessibility Guidelines define it."""
        red, green, blue = self.linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(self, one, other):
        low, high = sorted((self.light(one), self.light(other)))
        return (high + 0.05) / (low + 0.05)

    def test_text_and_lines_stand_out_in_both_themes(self):
        for theme in self.themes():
            for name in ("ink", "soft", "good", "warning", "bad"):
                for behind in ("paper", "card"):
                    self.assertGreaterEqual(self.contrast(theme[name], theme[behind]), 4.5, name)
            for i in range(6):
                self.assertGreaterEqual(self.contrast(theme[f"s{i}"], theme["paper"]), 3, i)

    def test_lines_stay_apart_for_the_colour_blind(self):
        for theme in self.themes():
            colours = [self.linear(theme[f"s{i}"]) for i in range(6)]
            for kind, matrix in SIGHT.items():
                seen = [lab([sum(a * b for a, b in zip(row, colour)) for row in matrix])
                        for colour in colours]
                for i, j in itertools.combinations(range(6), 2):
                    self.assertGreater(math.dist(seen[i], seen[j]), 30, (kind, i, j))

    def test_lightness_alone_carries_the_heat_map(self):
        for theme in self.themes():
            steps = [self.contrast(theme[f"h{i}"], theme["paper"]) for i in range(1, 9)]
            for paler, darker in zip(steps, steps[1:]):
                self.assertGreater(darker, paler * 1.1)


if __name__ == "__main__":
    unittest.main()
