"""
Draw results: a bar for each program, wall time and peak memory.

    python bench/picture.py RESULTS.json PICTURE.png

Needs matplotlib, which is no part of what the project is developed with: `bench` makes an environment for it.
"""

import importlib
import json
import sys
from typing import Any

_HEIGHT_OF_ROW = 0.35


def draw(source: str, target: str) -> None:
    """Write the picture."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    with open(source, encoding="utf-8") as file:  # noqa: PTH123
        results = [each["result"] for each in json.load(file).values()]
    rows = sum(len(result["rows"]) for result in results)
    figure, axes = pyplot.subplots(
        len(results),
        2,
        squeeze=False,
        figsize=(11, _HEIGHT_OF_ROW * rows + 0.9 * len(results)),
        gridspec_kw={"height_ratios": [len(result["rows"]) + 1 for result in results]},
    )
    for result, pair in zip(results, axes, strict=True):
        names = [row["program"] for row in result["rows"]]
        for axis, key, unit in zip(pair, ("wall_seconds", "peak_mb"), ("wall, s", "peak, MB"), strict=True):
            found = [sorted(run[key] for run in row["runs"]) for row in result["rows"]]
            middles = [each[len(each) // 2] for each in found]
            ends = [[m - each[0] for m, each in zip(middles, found, strict=True)]]
            ends.append([each[-1] - m for m, each in zip(middles, found, strict=True)])
            bars = axis.barh(names, middles, xerr=ends, color="#4477aa", ecolor="#999999")
            axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
            axis.invert_yaxis()
            axis.set_xlim(0, max(each[-1] for each in found) * 1.25)
            axis.set_xlabel(unit, fontsize=8)
            axis.tick_params(labelsize=8)
        pair[0].set_title(result["title"], fontsize=9, loc="left")
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    draw(*sys.argv[1:])
