"""How each check of this folder takes its arguments, reports and ends.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77  # ctest's SKIP_RETURN_CODE.


def arguments(description, *options):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=HERE.parent.parent,
                        help="the tree to check (default: this one)")
    for name, settings in options:
        parser.add_argument(name, **settings)
    return parser.parse_args()


def finish(name, complaints, checked):
    """Prints one line a complaint, `path:line: what`, and ends the process."""
    for complaint in complaints:
        print(complaint)
    print(f"{name}: {len(complaints)} complaints, {checked} checked")
    sys.exit(1 if complaints else 0)
