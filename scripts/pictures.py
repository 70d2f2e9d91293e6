"""
Draw the pictures of the documentation: what figwasp really prints on a terminal, as SVG.

    .venv/bin/python scripts/pictures.py

Those of plan and explain are the same each time, so that git tells whether they are stale; that of the demo is a
moment.
"""

import io
import itertools
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyte
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.kubeconfig import kubeconfig
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry

PICTURES: Final = Path(__file__).parent.parent / "docs" / "pictures"
FIGWASP: Final = str(Path(sys.executable).with_name("figwasp"))
_NO_FONTS: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_COLOURS: Final = {"brown": "yellow", "brightblack": "bright_black"}
_DIFFERS: Final = re.compile(r"\b[a-z]+-[0-9a-z]{6,10}-(?P<pod>[0-9a-z]{5})\b|\((?P<seconds>\d+(\.\d+)?) s\)")
_NAMES: Final = ("bk7wq", "d4mzc", "fx2rt", "g9lnp", "hq5vs", "jw8dk", "kc4tx", "lm6bz", "n2gfr", "p7xhj")
Seen = Callable[[list[str]], bool]
"""Tells whether the lines on the screen are those to be drawn."""


class Terminal:
    """A terminal of 110 columns, and a program on it."""

    def __init__(self, argv: list[str], env: dict[str, str], *, lines: int) -> None:
        self._screen = pyte.Screen(110, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._names: dict[str, str] = {}
        self._ours, its = pty.openpty()
        size = {"COLUMNS": "110", "LINES": str(lines), "TERM": "xterm-256color"}
        self._process = subprocess.Popen(argv, env={**os.environ, **env, **size}, stdin=its, stdout=its, stderr=its)
        os.close(its)

    def show_until(self, seen: Seen, timeout_seconds: float = 30) -> None:
        """Let the program go on until `seen`, or to its end."""
        until = time.monotonic() + timeout_seconds
        while time.monotonic() < until and not seen([line.rstrip() for line in self._screen.display]):
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self._stream.feed(os.read(self._ours, 4096))
                except OSError:  # Linux's word for: the program is gone
                    break

    def close(self) -> None:
        """End the program."""
        self._process.terminate()
        self.show_until(lambda _: self._process.poll() is not None)  # it may have more to say, and would wait for us
        self._process.wait()
        os.close(self._ours)

    def draw(self, name: str, command: str) -> None:
        """Write what the screen shows."""
        used = max(number for number, line in enumerate(self._screen.display) if line.strip()) + 1
        console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
        console.print(Text(f"$ {command}", style="bold"))
        for number in range(used):
            console.print(self._line(self._screen.buffer[number]), soft_wrap=True)
        console.print()  # else the last line is cut off below
        PICTURES.mkdir(parents=True, exist_ok=True)
        svg = _NO_FONTS.sub("", console.export_svg(title=command, unique_id=name))
        (PICTURES / f"{name}.svg").write_text(re.sub(r"[ \t]+\n", "\n", svg))

    def _line(self, row: Any) -> Text:
        line = Text()
        chars = self._settled([row[column] for column in range(110)])
        for (fg, bold), alike in itertools.groupby(chars, key=lambda char: (char.fg, char.bold)):
            colour = None if fg == "default" else Color.parse(_COLOURS.get(fg, fg))
            line.append("".join(char.data for char in alike), Style(color=colour, bold=bold))
        line.rstrip()
        return line

    def _settled(self, chars: list[Any]) -> list[Any]:
        """Put the same in the place of what differs from one drawing to the next: names of pods, and seconds."""
        text = "".join(char.data for char in chars)
        for found in reversed(list(_DIFFERS.finditer(text))):
            part = "pod" if found["pod"] else "seconds"
            name = self._names.setdefault(found[part], _NAMES[len(self._names)]) if part == "pod" else "0.02"
            start, end = found.span(part)
            chars[start:end] = [chars[start]._replace(data=char) for char in name]
        return chars


def draw_demo() -> None:
    """The demo, while pods are replaced."""
    terminal = Terminal([FIGWASP, "demo", "--port", "5000", "--pace", "1.5"], {}, lines=34)
    terminal.show_until(_is_half_done)
    terminal.draw("demo", "figwasp demo")
    terminal.close()


def _is_half_done(lines: list[str]) -> bool:
    """Whether two pods of three run the new image, and the live table is drawn to its end."""
    replaced = sum("pod web" in line and " runs " in line for line in lines)
    return replaced == 2 and any(line.startswith("└") for line in lines)


def draw_plan() -> None:
    """A plan of workloads in all kinds of states, and the explanation of one."""
    with _cluster() as env:
        for name, command in {"plan": "figwasp plan", "explain": "figwasp explain deployment/web"}.items():
            terminal = Terminal([FIGWASP, *command.split()[1:]], env, lines=40)
            terminal.show_until(lambda _: False, 10)
            terminal.draw(name, command)
            terminal.close()


@contextmanager
def _cluster() -> Iterator[dict[str, str]]:
    """A cluster with a stale workload among others; the environment to find it by."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ApiServer(port=5000) as api,
        Registry(port=5001) as registry,
        Node(api) as node,
    ):
        config = Path(folder) / "kubeconfig"
        config.write_text(kubeconfig(api.url, "shop"))
        for name in ("api", "web", "worker", "reports", "search"):
            registry.put_image(f"shop/{name}", "1.2", _config(f"{name} 1"))
            api.put("deployments", _deployment(name, f"{registry.host}/shop/{name}:1.2"))
        node.wait_settled()
        for name in ("web", "reports"):
            registry.put_image(f"shop/{name}", "1.2", _config(f"{name} 2"))
        api.edit("deployments", "shop", "worker", lambda one: one["spec"].update(paused=True))
        node.wait_settled()
        registry.answer("/v2/shop/search/manifests/1.2", status=503)
        settings = Path(folder) / "figwasp.toml"
        settings.write_text(f'[registry."{registry.host}"]\nplain_http = true\n')
        yield {"KUBECONFIG": str(config), "FIGWASP_CONFIG": str(settings)}


def _config(content: str) -> bytes:
    return json.dumps({"architecture": "amd64", "os": "linux", "author": content}).encode()


def _deployment(name: str, reference: str) -> dict[str, Any]:
    labels = {"app": name}
    policy = "IfNotPresent" if name == "reports" else "Always"
    container = {"name": name, "image": reference, "imagePullPolicy": policy}
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": {**labels, "figwasp/target": "true"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


if __name__ == "__main__":
    draw_demo()
    draw_plan()
