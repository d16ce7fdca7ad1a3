# SPDX-License-Identifier: Apache-2.0
"""What bench/peers/compare found, for people: a table in Markdown, and one page that needs nothing else."""
import html as text
import os
import platform
import time

# key, title, unit, whether less is better, how it is written
METRICS = [
    ("cpu", "Broker CPU", "CPU seconds per million messages", True, lambda v: f"{v:.3g}"),
    ("rate", "Throughput", "messages delivered per second", False, lambda v: f"{v:,.0f}"),
    ("p50", "Response p50", "from when a message was due", True, lambda v: duration(v)),
    ("p99", "Response p99", "from when a message was due", True, lambda v: duration(v)),
    ("p99.9", "Response p99.9", "from when a message was due", True, lambda v: duration(v)),
    ("rss", "Memory of an idle connection", "bytes of resident memory", True, lambda v: f"{v:,.0f}"),
]


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def is_shown(key, cell):
    """A rate that was asked for is no throughput, and idle connections have only memory."""
    if cell["words"].startswith("idle"):
        return key == "rss"
    has_rate = " -r " in cell["words"]
    return {"rate": not has_rate, "p50": has_rate, "p99": has_rate, "p99.9": has_rate, "rss": False}.get(key, True)


def remark(one):
    if one["failed"]:
        return f"failed: {one['failed']}"
    return f"lost {one['lost']:,}" if one["lost"] else ""


def markdown(cells, kinds):
    lines = ["| cell | figure | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 2) + "|"]
    for title, cell in cells.items():
        for key, name, _, _, show in METRICS:
            if not is_shown(key, cell):
                continue
            values = [cell["brokers"][kind] for kind in kinds]
            row = [(show(one[key]) if one[key] is not None else "-") + (f" ({remark(one)})" if remark(one) else "")
                   for one in values]
            lines.append(f"| {title} | {name} | " + " | ".join(row) + " |")
    return "\n".join(lines)


STYLE = """
:root { color-scheme: light dark; --ink: #1d2327; --dim: #5c6770; --paper: #fcfcfa; --line: #d8dcdf; --track: #eef0f1;
  --bad: #b3261e; --c0: #00796b; --c1: #8e5aa8; --c2: #c77700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9eb; --dim: #9aa5ad; --paper: #15191c; --line: #343b40;
  --track: #22292d; --bad: #ff8a80; --c0: #4db6ac; --c1: #c39bdb; --c2: #ffb74d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 0; } p { margin: .3rem 0; }
.dim { color: var(--dim); } .bad { color: var(--bad); } code { font-size: .85em; overflow-wrap: anywhere; }
a { color: inherit; } h3 { font-size: 1rem; margin: 1.1rem 0 .2rem; font-weight: 600; }
.bar { display: grid; grid-template-columns: 7rem 1fr 8rem 5rem; gap: .6rem; align-items: center; }
.bar svg { width: 100%; height: .95rem; display: block; } .bar span:nth-child(n+3) { text-align: right;
  font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } th, td { text-align: left; padding: .25rem .5rem;
  border-bottom: 1px solid var(--line); vertical-align: top; }
@media (max-width: 40rem) { .bar { grid-template-columns: 5rem 1fr 5rem 3.5rem; gap: .3rem; font-size: .85rem; } }
"""


def bars(cell, kinds, metric):
    """One bar a broker, from zero; beside it the figure, and how many times that of the best it is."""
    key, _, _, less_is_better, show = metric
    values = {kind: cell["brokers"][kind][key] for kind in kinds}
    known = [value for value in values.values() if value]
    if not known:
        return ""
    best, longest = (min if less_is_better else max)(known), max(known)
    lines = []
    for place, kind in enumerate(kinds):
        value = values[kind]
        width = 100 * value / longest if value else 0
        factor = "" if not value else "best" if value == best else f"{value / best:.2g}×"
        label = f"{kind}: {show(value)}" if value else f"{kind}: not measured"
        lines.append(
            f'<div class="bar"><span>{kind}</span><svg role="img" aria-label="{text.escape(label)}" viewBox="0 0 100 10" '
            f'preserveAspectRatio="none"><rect width="100" height="10" fill="var(--track)"/><rect width="{width:.2f}" '
            f'height="10" fill="var(--c{place % 3})"/></svg><span>{show(value) if value else "–"}</span>'
            f'<span class="dim">{factor}</span></div>')
    return "\n".join(lines)


def details(cells, kinds, pages):
    rows = []
    for title, cell in cells.items():
        for kind in kinds:
            one = cell["brokers"][kind]
            links = " ".join(f'<a href="{text.escape(os.path.join(pages, name))}">{number}</a>'
                             for number, name in enumerate(one["pages"], 1))
            wrong = text.escape(remark(one))
            rows.append(f'<tr><td>{text.escape(title)}</td><td>{kind}</td><td>{text.escape(one["verdict"])}</td>'
                        f'<td class="{"bad" if wrong else ""}">{wrong or "nothing"}</td><td>{links or "–"}</td></tr>')
    return ("<table><thead><tr><th>cell</th><th>broker</th><th>verdict of the generator</th><th>went wrong</th>"
            f"<th>runs</th></tr></thead><tbody>{''.join(rows)}</tbody></table>")


def html(cells, kinds, args):
    parts = [f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
             f'content="width=device-width,initial-scale=1"><title>MQTT brokers compared</title><style>{STYLE}</style></head><body>'
             f'<h1>MQTT brokers compared</h1><p class="dim">{", ".join(kinds)} · {time.strftime("%Y-%m-%d")} · '
             f'Linux {platform.release()}, {os.cpu_count()} cores · median of {args.trials}, {args.duration} each</p>'
             '<p>The same scenarios by mqtt-bench, one broker at a time on one core, the generator on another. Bars begin at zero; '
             'differences under 10 % are not findings.</p>']
    for metric in METRICS:
        shown = [(title, bars(cell, kinds, metric)) for title, cell in cells.items() if is_shown(metric[0], cell)]
        shown = [(title, drawn) for title, drawn in shown if drawn]
        if not shown:
            continue
        better = "less is better" if metric[3] else "more is better"
        parts.append(f'<h2>{metric[1]}</h2><p class="dim">{metric[2]}; {better}</p>')
        parts += [f"<h3>{text.escape(title)}</h3>{drawn}" for title, drawn in shown]
    pages = os.path.relpath(args.pages, os.path.dirname(os.path.abspath(args.html))) if args.pages else ""
    parts.append("<h2>Verdicts and losses</h2><p class=\"dim\">A broker whose messages were lost has won nothing.</p>")
    parts.append(details(cells, kinds, pages))
    commands = "".join(f"<li>{text.escape(title)}: <code>mqtt-bench {text.escape(cell['words'])} -V 4</code></li>"
                       for title, cell in cells.items())
    parts.append(f"<h2>To repeat</h2><ul>{commands}</ul></body></html>\n")
    return "\n".join(parts)
