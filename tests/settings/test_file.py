"""Aspects: what is read; every problem at once, with its place and the nearest right thing; the example of the docs."""

import re
from pathlib import Path

import pytest

from figwasp.core.registry_settings import RegistrySettings
from figwasp.errors import UsageError
from figwasp.settings.file import KEYS, read_settings_file
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags

KINDS = {"deployment": frozenset({"deploy"})}
PAGE = Path(__file__).parent.parent.parent / "docs" / "configuration.md"


def read(folder: Path, text: str) -> dict[str, RegistrySettings]:
    path = folder / "figwasp.toml"
    path.write_text(text)
    return read_settings_file(str(path))


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(folder, text)
    return [each.removeprefix(f"{folder}/figwasp.toml") for each in caught.value.problems]


def problem(folder: Path, text: str) -> str:
    (only,) = problems(folder, text)
    return only


def test_every_setting_is_read(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("")
    text = """
        [registry."registry.example.com:5000"]
        ca = "ca.crt"
        insecure = true
        mirror = "mirror.example.com/hub"
        concurrency = 2
        pull_secret = "infra/pull"
        token_server = "auth.example.com:8443"
    """

    expected = RegistrySettings(
        ca_file=str(tmp_path / "ca.crt"),
        insecure=True,
        mirror="mirror.example.com/hub",
        concurrency=2,
        pull_secret=("infra", "pull"),
        token_server="auth.example.com:8443",
    )
    assert {"registry.example.com:5000": expected} == read(tmp_path, text)


def test_what_is_not_said_is_as_usual(tmp_path: Path) -> None:
    assert {} == read(tmp_path, "")
    assert {"ghcr.io": RegistrySettings()} == read(tmp_path, '[registry."ghcr.io"]')


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("concurency = 1", ':2: registry."ghcr.io".concurency: there is no such setting (did you mean "concurrency"?)'),
        ("plain-http = true", 'plain-http: there is no such setting (did you mean "plain_http"?)'),
        ("x = 1", "(there are: ca, insecure, plain_http, mirror, concurrency, pull_secret, token_server)"),
        ("insecure = 'true'", ':2: registry."ghcr.io".insecure: it must be true or false, without quotes (true)'),
        ("plain_http = 1", "plain_http: it must be true or false"),
        ("concurrency = 0", "concurrency: it must be a number from 1 to 16"),
        ("concurrency = 17", "concurrency: it must be a number from 1 to 16"),
        ("concurrency = true", "concurrency: it must be a number from 1 to 16"),
        ("concurrency = '2'", "concurrency: it must be a number from 1 to 16"),
        ("ca = 'none.crt'", 'none.crt" that can be read'),
        ("ca = ['a']", "ca: it must be the name of a file, in quotes"),
        ("ca = ''", "ca: it must be the name of a file, in quotes"),
        ("mirror = 'https://mirror.example.com'", '"https://mirror.example.com" is no host[:port][/prefix]'),
        ("mirror = 'mirror'", '"mirror" is no host'),
        ("mirror = 'mirror.example.com/Hub'", "is no host"),
        ("mirror = 'mirror.example.com:99999'", "is no host"),
        ("pull_secret = 'pull'", '"pull" names no secret: say namespace/name'),
        (
            "token_server = 'https://auth.example.com/token'",
            '"https://auth.example.com/token" is no host[:port], such as',
        ),
        ("token_server = 'auth.example.com/token'", '"auth.example.com/token" is no host[:port]'),
        ("token_server = 'ann@auth.example.com'", "is no host[:port]"),
        ("token_server = 'auth.example.com:99999'", "is no host[:port]"),
        ("token_server = ['auth.example.com']", "token_server: it must be a host, such as auth.example.com, in quotes"),
        ("pull_secret = 'A/pull'", '"A/pull" names no secret'),
    ],
)
def test_a_wrong_setting_is_named_with_its_place_and_what_was_meant(tmp_path: Path, line: str, said: str) -> None:
    assert said in problem(tmp_path, f'[registry."ghcr.io"]\n{line}\n')


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("index.docker.io", 'images of it are called otherwise: "docker.io"'),
        ("registry-1.docker.io", 'images of it are called otherwise: "docker.io"'),
        ("https://ghcr.io", "it is no registry as images name it"),
        ("ghcr.io/team", "it is no registry as images name it"),
        ("host:99999", "it is no registry as images name it"),
        ("team", "it is no registry as images name it"),
        ("", "it is no registry as images name it"),
    ],
)
def test_a_registry_that_no_image_could_name_is_wrong(tmp_path: Path, host: str, said: str) -> None:
    assert said in problem(tmp_path, f'[registry."{host}"]')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("registries = 1", ':1: registries: there is no such setting (did you mean "registry"?)'),
        ('\n[registy."quay.io"]\ninsecure = true', ':2: registy: there is no such setting (did you mean "registry"?)'),
        ('[registry."ghcr.io"]\n[registry."quay.io".mirrors.hub]', ':2: registry."quay.io".mirrors: there is no such'),
        ("registry = 1", 'registry: it must be a table for each registry, such as [registry."ghcr.io"]'),
        ("[registry]\n'ghcr.io' = 1", 'it must be a table: [registry."ghcr.io"]'),
        ("[registry", ": it is no TOML: "),
        ("a = 1\na = 2", ": it is no TOML: "),
    ],
)
def test_a_file_of_another_form_is_told_so(tmp_path: Path, text: str, said: str) -> None:
    assert said in problem(tmp_path, text)


def test_a_byte_order_mark_is_no_part_of_the_first_statement(tmp_path: Path) -> None:
    """As some editors write it."""
    assert {"ghcr.io": RegistrySettings(insecure=True)} == read(
        tmp_path, '\ufeff[registry."ghcr.io"]\r\ninsecure = true'
    )


def test_problems_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "".join(f"x{number} = 1\n" for number in range(9)) + "[a]\n[b]\n"

    assert [f":{number}" for number in range(1, 12)] == [each[: each.index(": ")] for each in problems(tmp_path, text)]


def test_encryption_that_is_not_there_cannot_be_told_to_be_looser(tmp_path: Path) -> None:
    text = '[registry."ghcr.io"]\nplain_http = true\ninsecure = true\n'

    assert "plain_http has no certificate to look at" in problem(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, said in [("none", "no such file or directory"), ("binary", "it is no text"), (".", "is a directory")]:
        with pytest.raises(UsageError, match=said):
            read_settings_file(str(tmp_path / name))


def test_every_problem_is_told_at_once_with_those_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "figwasp.toml").write_text(
        '[registry."ghcr.io"]\nca = 1\nx = 1\ntoken_server = ""\n[registry.team]\nmirror = "m"\n'
    )
    environment = {"FIGWASP_CONFIG": str(tmp_path / "figwasp.toml"), "FIGWASP_CLIENT_TIMEOUT": "soon"}
    with pytest.raises(UsageError) as caught:
        read_settings(Flags(), environment, KINDS)

    assert 6 == len(caught.value.problems)


def test_the_flag_wins_over_the_variable(tmp_path: Path) -> None:
    (tmp_path / "figwasp.toml").write_text('[registry."ghcr.io"]\npull_secret = "infra/pull"')
    settings = read_settings(Flags(config=str(tmp_path / "figwasp.toml")), {"FIGWASP_CONFIG": "/nowhere"}, KINDS)

    assert {"ghcr.io": ("infra", "pull")} == settings.shared_secrets


def test_the_example_of_the_docs_can_be_read_and_shows_every_setting(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "ca.crt").write_text("")

    assert 5 == len(read(tmp_path, example[1]))
    assert [] == [each.name for each in KEYS if f"\n{each.name} = " not in example[1]]
