"""References, against distribution/reference as the kubelet and containerd call it."""

from hypothesis import strategies as st

from figwasp.core.reference import LONGEST_INPUT, Reference
from figwasp.errors import InvalidReference
from tests.corpus import corpus
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

CORPUS = corpus("references")
TEXTS = [*CORPUS["canonical"], *CORPUS["invalid"]["texts"]]
ALPHABET = "aZ09f./:@-_[]% \n\\+=é\N{KELVIN SIGN}\N{LATIN SMALL LETTER LONG S}\N{ARABIC-INDIC DIGIT ONE}\0"

labels = st.sampled_from(["a", "docker", "registry-1", "io", "UP", "x--y", "0", "-a", "a-", "a_b", "", "é"])
hosts = st.one_of(
    st.sampled_from(
        [
            "",
            "",
            "docker.io/",
            "index.docker.io/",
            "localhost/",
            "localhost:5000/",
            "[::1]:5000/",
            "[::1]/",
            "[fe80::1%e]/",
        ]
    ),
    st.builds(
        "{}{}/".format,
        st.lists(labels, min_size=1, max_size=3).map(".".join),
        st.sampled_from(["", ":5000", ":75050", ":", ":http", ":0:1"]),
    ),
)
components = st.one_of(
    st.sampled_from(["library", "web", "a" * 64, "f" * 63, "f" * 64, "a" * 128, "Web"]),
    st.lists(st.sampled_from(["a", "0z", ".", "_", "__", "-", "--", "___", "A"]), max_size=5).map("".join),
)
paths = st.lists(components, min_size=1, max_size=4).map("/".join)
tags = st.one_of(
    st.sampled_from(["", "", ":", ":latest", ":" + "t" * 128, ":" + "t" * 129]),
    st.text("aZ0_.-:", max_size=6).map(":{}".format),
)
digests = st.one_of(
    st.sampled_from(["", "", "@", "@sha256:"]),
    st.builds(
        "@{}:{}".format,
        st.sampled_from(["sha256", "sha384", "sha512", "SHA256", "md5", "sha256+b64", "blake3", ""]),
        st.sampled_from(["f" * 64, "0" * 96, "a" * 128, "F" * 64, "f" * 63, "f" * 32, "g" * 64]),
    ),
)
grammar = combinations(hosts, paths, tags, digests)


def ours(text: str) -> Json:
    """What the oracle would answer, by our own code."""
    parsed = Reference.parse(text)
    digest = str(parsed.digest or "")
    return {
        "domain": parsed.registry,
        "path": parsed.repository,
        "tag": parsed.tag,
        "digest": digest,
        "familiar": parsed.familiar,
        "docker": f"{parsed.name}@{digest}" if digest else str(parsed),
    }


def difference(text: str, theirs: Json) -> str:
    if len(text) > LONGEST_INPUT:
        return ""  # docs/decisions/0005, "A reference of more than 4096 characters"
    try:
        found = ours(text)
    except InvalidReference as error:
        return "" if "error" in theirs else f"ours: {error}; theirs: {theirs}"
    if theirs.get("domain") == "":
        # A host with an underscore and no port: they keep the whole in `path`, the runtime asks the host all the same.
        domain, _, path = theirs["path"].partition("/")
        theirs = {**theirs, "domain": domain, "path": path}
    if not theirs.get("tag") and not theirs.get("digest") and "error" not in theirs:
        # `ParseNormalizedNamed` leaves out the tag that `ParseDockerRef` then adds.
        theirs = {**theirs, "tag": "latest", "familiar": f"{theirs['familiar']}:latest"}
    return "" if found == theirs else f"ours: {found}; theirs: {theirs}"


def test_every_text_names_the_same_image_as_for_the_kubelet_or_is_refused_by_both(judge: Judge) -> None:
    strategies = [grammar, mutations(TEXTS, ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "reference", strategies, lambda text: {"text": text}, difference)


def test_the_corpus_is_what_the_kubelet_says(judge: Judge) -> None:
    answers = judge.ask("reference", [{"text": text} for text in TEXTS])
    differences = [difference(text, answer) for text, answer in zip(TEXTS, answers, strict=True)]

    assert list(filter(None, differences)) == []
