"""
No secret is ever shown: not in a line, a document, an error with its hint and traceback, nor in any value's `repr`.

Aspects: every command and form · logins that are right, wrong, for tokens, or broken · a registry that repeats what it
was sent · the API server's own token, and the password of a proxy.
"""

import base64
import io
import json
import string
import traceback
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from figwasp.cli import doctor, once, resolving, seeing
from figwasp.core.credential import Keyring
from figwasp.embedded.registry.server import Registry
from figwasp.errors import FigwaspError
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from figwasp.settings.values import Flags
from tests.app.stage import Stage
from tests.app.stage import stage as new_stage
from tests.kube.access import soon, write_kubeconfig
from tests.objects import NAMESPACE, Json
from tests.registry.test_secrecy import held_by

PRINTABLE = st.text(string.ascii_letters + string.digits + "!$%&/()=?*+~#'\"\\<>|@äß€", min_size=12, max_size=40)
TOKENS = st.text(string.ascii_letters + string.digits + "-._~+/", min_size=12, max_size=40)


class Secrets(Struct, frozen=True):
    """What nobody may see."""

    user: str
    password: str
    wrong: str
    token: str
    proxy: str

    def shown_in(self, text: str) -> list[str]:
        """Those that `text` shows, in whatever spelling."""
        pairs = [base64.b64encode(f"{self.user}:{each}".encode()).decode() for each in (self.password, self.wrong)]
        return [each for secret in (*_fields(self), *pairs) for each in spellings(secret) if each in text]


def spellings(secret: str) -> set[str]:
    encoded = base64.b64encode(secret.encode()).decode()
    return {secret, encoded, json.dumps(secret)[1:-1], repr(secret)[1:-1], urllib.parse.quote(secret, safe="")}


def _fields(secrets: Secrets) -> list[str]:
    return [secrets.user, secrets.password, secrets.wrong, secrets.token, secrets.proxy]


SECRETS = st.builds(
    # The first letters keep them from being part of each other, and of digests and times.
    lambda *texts: Secrets(*(f"{mark}q{text}" for mark, text in zip("UPWTX", texts, strict=True))),
    PRINTABLE,
    PRINTABLE,
    PRINTABLE,
    TOKENS,
    TOKENS,
)


def right(secrets: Secrets) -> Json:
    return {"username": secrets.user, "password": secrets.password}


def wrong(secrets: Secrets) -> Json:
    return {"username": secrets.user, "password": secrets.wrong}


def broken(secrets: Secrets) -> Json:
    return {"auth": secrets.password}


def unpaired(secrets: Secrets) -> Json:
    return {"auth": base64.b64encode(secrets.password.replace(":", "").encode()).decode()}


FEW = settings(
    deadline=None, max_examples=3, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
WANTS = pytest.mark.parametrize("want", [Registry.want_basic, Registry.want_token], ids=["Basic", "token"])


@WANTS
@pytest.mark.parametrize("login", [right, wrong, broken, unpaired], ids=lambda login: login.__name__)
@FEW
@given(secrets=SECRETS)
def test_no_command_shows_a_secret(
    tmp_path: Path, login: Callable[[Secrets], Json], want: Callable[..., None], secrets: Secrets
) -> None:
    with new_stage() as stage:
        prepare(stage, secrets, login(secrets))
        want(stage.registry, {secrets.user: secrets.password})

        told = "\n".join([*everything_told(stage, environment(stage, secrets, tmp_path)), *every_repr(stage, secrets)])

    assert [] == secrets.shown_in(told)


@WANTS
@pytest.mark.parametrize("login", [right, wrong], ids=lambda login: login.__name__)
@FEW
@given(secrets=SECRETS)
def test_a_registry_that_repeats_a_login_does_not_get_it_shown(
    tmp_path: Path, login: Callable[[Secrets], Json], want: Callable[..., None], secrets: Secrets
) -> None:
    with new_stage() as stage:
        prepare(stage, secrets, login(secrets))
        want(stage.registry, {secrets.user: secrets.password})
        user, password = login(secrets).values()
        repeat(user, password, stage.registry)

        told = "\n".join([*everything_told(stage, environment(stage, secrets, tmp_path)), *every_repr(stage, secrets)])

    assert [] == secrets.shown_in(told)


def test_a_proxy_that_cannot_be_reached_does_not_get_its_password_shown(tmp_path: Path) -> None:
    secrets = Secrets("Uq", "Pq", "Wq", "Tq", "Xq-hunter2")
    with new_stage() as stage:
        env = environment(stage, secrets, tmp_path)

        said = told(lambda: resolving.resolve("ghcr.io/shop/web", Flags(), env, platform="", workload="", form="text"))

    assert "ghcr.io" in said
    assert "hunter2" not in said


def repeat(user: str, password: str, registry: Registry) -> None:
    """Let the registry and its token server refuse everything, and repeat the login in what they say."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    said = f"no: {user} {password} {login} Basic {login}"
    body = json.dumps({"errors": [{"code": "DENIED", "message": said}]}).encode()
    registry.answer("/v2/web/manifests/latest", status=403, body=body)
    registry.answer("/token", status=401, body=body)


def prepare(stage: Stage, secrets: Secrets, login: Json) -> None:
    """A stale workload whose pull secret holds `login`, on an API server that wants a token."""
    stage.deploy("old", pull_secrets=["pull"])
    stage.push("new")
    stage.pull_secret_of("pull", {stage.registry.host: login})
    stage.api.log_in(secrets.token, user="system:serviceaccount:shop:figwasp")


def environment(stage: Stage, secrets: Secrets, folder: Path) -> dict[str, str]:
    user = {"token": secrets.token}
    path = write_kubeconfig(folder / "config", server=stage.api.url, user=user, namespace=NAMESPACE)
    proxy = f"http://ann:{secrets.proxy.replace('/', '_')}@127.0.0.1:1"
    return {"KUBECONFIG": str(path), "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy}


def everything_told(stage: Stage, env: dict[str, str]) -> Iterator[str]:
    """All that the commands write, and what they raise, with a wrong token too."""
    image, target = stage.image(), Flags(targets=("web",))
    lost = {**env, "KUBECONFIG": f"{env['KUBECONFIG']}.missing"}
    for commands in (
        lambda: resolving.resolve(image, Flags(), env, platform="", workload="web", form="json"),
        lambda: doctor.run(target, env, form="json", no_color=True),
        lambda: doctor.run(target, env, form="text", no_color=True),
        *(lambda form=form: seeing.see(target, env, form=form, no_color=True) for form in ("text", "wide", "json")),
        lambda: once.run(Flags(targets=("web",), log_format="json"), env, verbose=True),
        lambda: once.run(target, env, verbose=True),
        lambda: once.run(target, lost, verbose=True),
    ):
        yield told(commands)


def told(command: Callable[[], int]) -> str:
    out = io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(out):
            command()
    except FigwaspError as error:
        return "\n".join([out.getvalue(), str(error), error.hint, *traceback.format_exception(error), repr(error)])
    return out.getvalue()


def every_repr(stage: Stage, secrets: Secrets) -> Iterator[str]:
    """What every value looks like that a pass holds or answers."""
    stage.log_in(secrets.token)
    held: list[object] = [stage._client, stage._http, stage.sweep("web"), stage.check_up("web")]
    with suppress(FigwaspError):
        entries = Reader(stage._client, (KIND,)).pull_secret(NAMESPACE, "pull", soon())
        held.append(Keyring.of(entries or ()))
    for one in held:
        yield from map(repr, held_by(one, set()))
