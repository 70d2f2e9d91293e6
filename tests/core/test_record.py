"""The record in the workload's annotation, and the hash of the pod template."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from figwasp.core.record import LONGEST_RECORD, Move, Record, Sighting, equality, template_hash
from tests.factories import digest, move, pair, record, repeat

PAIR = pair("a", "b")
ON_ARM64 = equality(digest("a"), digest("b"), "linux/arm64")


def template(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"labels": {"app": "web"}}
    if annotations is not None:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": {"containers": [{"name": "web", "image": "web:1"}], **spec}}


def test_a_record_survives_its_text() -> None:
    kept = record({"web": move("b", seen=True), "init": move("c")}, equal=(PAIR, ON_ARM64))

    assert Record.parse(kept.text()) == kept


def test_an_empty_record_survives_its_text() -> None:
    assert Record.parse(Record().text()) == Record()


def test_the_text_has_the_words_of_the_contract() -> None:
    moves = msgspec.json.decode(record({"web": move("b")}).text())["containers"]

    assert moves == {"web": {"from": [str(digest("a"))], "to": str(digest("b")), "seen": False}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="no JSON"),
        pytest.param("null", id="null"),
        pytest.param('{"unclear": [["running", "named", "scope"]]}', id="unclear without a reason"),
        pytest.param(f'{{"template": "t"}}{" " * (4 * LONGEST_RECORD - 16)}', id="too long"),
        pytest.param("[]", id="a list"),
        pytest.param("7", id="a number"),
        pytest.param('{"template": 7}', id="a field of another type"),
        pytest.param('{"containers": {"web": {"to": "sha256:b"}}}', id="a move without origins"),
        pytest.param('{"containers": ["web"]}', id="moves without names"),
        pytest.param('{"equal": [["sha256:a"]]}', id="half a pair"),
        pytest.param('{"equal": [["sha256:a", "sha256:b", "linux/arm64", "more"]]}', id="more than a pair and a scope"),
        pytest.param("yes, please", id="prose"),
        pytest.param('{"x":' + "[" * 100_000, id="deeply nested and broken"),
        pytest.param('{"x":' + "[" * 100_000 + "]" * 100_000 + "}", id="deeply nested"),
    ],
)
def test_a_text_that_is_no_record_of_ours_counts_as_none(text: str) -> None:
    assert Record.parse(text) == Record()


@given(st.text())
def test_no_annotation_raises(text: str) -> None:
    assert isinstance(Record.parse(text), Record)


def test_a_record_of_a_later_version_is_read_for_what_is_known() -> None:
    assert Record.parse('{"template": "t", "version": 2}') == Record("t")


def test_a_record_that_people_have_laid_out_is_read() -> None:
    assert Record.parse(f'{{"template": "t"}}{" " * (4 * LONGEST_RECORD - 17)}') == Record("t")
    assert Record.parse('{"unclear": [["running", "named", "scope", "reason"]]}').unclear != ()


def test_a_move_counts_as_not_seen_where_nothing_is_said() -> None:
    read = Record.parse('{"containers": {"web": {"from": [], "to": "sha256:b"}}}')

    assert not read.containers["web"].seen


@st.composite
def records(draw: st.DrawFn) -> Record:
    digests = st.sampled_from([str(digest(f"digest {number}")) for number in range(30)])
    moves = st.builds(Move, st.lists(digests, max_size=9).map(tuple), digests, st.booleans())
    return Record(
        draw(st.text(max_size=32)),
        draw(st.dictionaries(st.text("abc-", min_size=1, max_size=63), moves, max_size=30)),
        tuple(draw(st.lists(st.tuples(digests, digests), max_size=30))),
    )


@given(records())
def test_the_text_is_never_longer_than_4_kib(any_record: Record) -> None:
    assert len(any_record.fitting().text().encode()) <= LONGEST_RECORD


def test_the_hash_of_the_template_fits_too_though_it_is_written_last() -> None:
    pairs = tuple(pair(f"{number}") for number in range(60))
    cut = [record({"x" * more: move()}, template="", equal=pairs).fitting() for more in range(len("".join(PAIR)))]
    written = [replace(each, template=template_hash(template())).text() for each in cut]

    assert max(map(len, written)) <= LONGEST_RECORD


@given(records())
def test_a_text_that_was_cut_is_a_record_still(any_record: Record) -> None:
    assert Record.parse(any_record.fitting().text()).template == any_record.template


def test_the_newest_equalities_are_left_out_first_so_that_a_full_record_stays_as_it_is() -> None:
    pairs = tuple(pair(f"{number}", "b") for number in range(60))
    full = record({"web": move("b")}, equal=pairs).fitting()

    assert 0 < len(full.equal) < 60
    assert full.equal == pairs[: len(full.equal)]
    assert full == record({"web": move("b")}, equal=(*full.equal, pair("new", "b"))).fitting()


def test_equalities_are_forgotten_before_any_move() -> None:
    many = {f"container-{number}": move("b") for number in range(14)}
    kept = record(many, equal=tuple(pair(f"{number}") for number in range(60))).fitting()

    assert kept.containers == many


def test_origins_are_forgotten_before_any_move() -> None:
    origins = tuple(f"old {number}" for number in range(99))
    kept = record({"web": move("b", origins=origins), "init": move("c", seen=True)}).fitting()

    assert kept.containers == {"web": move("b", origins=()), "init": move("c", origins=(), seen=True)}


def test_no_more_moves_are_forgotten_than_need_be() -> None:
    many = {f"container-{number}": move(origins=()) for number in range(61)}
    kept = record(many).fitting().containers

    assert kept
    assert list(kept.items()) == list(many.items())[-len(kept) :]
    assert kept == record(dict(list(many.items())[1:])).fitting().containers


def sightings(count: int) -> dict[str, Sighting]:
    return {f"container-{number:03}": Sighting(str(digest("b")), "2026-01-02T03:04:05Z") for number in range(count)}


def test_a_sighting_is_of_the_digest_that_it_names_and_of_no_other() -> None:
    (whole,) = sightings(1).values()
    short = replace(whole, to=whole.to[: len("sha256:") + 12])

    assert [True, True] == [each.is_of(digest("b")) for each in (whole, short)]
    assert [False, False] == [each.is_of(digest("c")) for each in (whole, short)]


def test_sightings_are_cut_to_the_beginning_of_their_digests_before_any_move_is_forgotten() -> None:
    many = {f"done-{number}": move("b", origins=()) for number in range(10)}
    kept = replace(record(many), sightings=sightings(30)).fitting()

    assert many == kept.containers
    assert list(sightings(30)) == list(kept.sightings)
    assert {"sha256:" + digest("b").hex[:12]} == {each.to for each in kept.sightings.values()}


def test_moves_are_forgotten_before_a_sighting_and_then_no_more_sightings_than_need_be() -> None:
    kept = replace(record({"web": move()}), sightings=sightings(100)).fitting()
    count = len(kept.sightings)
    full = replace(record({"web": move()}), sightings=sightings(count)).fitting()

    assert 30 < count < 100
    assert ({}, list(sightings(100))[:count]) == (kept.containers, list(kept.sightings))
    assert ({}, list(sightings(count))) == (full.containers, list(full.sightings))
    assert count == len(replace(record(), sightings=sightings(count + 1)).fitting().sightings)


def test_sightings_count_for_the_template_that_they_were_made_for() -> None:
    kept = replace(record(template="one"), sightings=sightings(1))

    assert (sightings(1), {}) == (kept.valid_sightings("one"), kept.valid_sightings("another"))


def test_moves_count_for_the_template_that_they_were_made_for() -> None:
    moves = {"web": move()}

    assert record(moves, template="t").valid_moves("t") == moves


def test_moves_count_for_no_other_template() -> None:
    assert record({"web": move()}, template="t").valid_moves("u") == {}


@pytest.mark.parametrize(
    ("running", "named", "scopes"),
    [("a", "b", {"", "linux/arm64"}), ("b", "a", set()), ("a", "c", set()), ("c", "b", set())],
)
def test_a_pair_on_record_proves_what_it_says_where_it_says_so(running: str, named: str, scopes: set[str]) -> None:
    assert record(equal=(PAIR, ON_ARM64)).scopes(digest(running), digest(named)) == scopes


@pytest.mark.parametrize(("running", "named", "scope"), [("3", "1", "on"), ("2", "3", "on"), ("2", "1", "off")])
def test_what_is_unclear_of_others_says_nothing(running: str, named: str, scope: str) -> None:
    kept = Record(unclear=((*pair("2", "0"), "on", "differ"), (*pair("2", "1"), "on", "lacks", "linux/arm64")))

    assert kept.why_unclear(digest("2"), digest("1"), "on") == (("lacks", "linux/arm64"),)
    assert kept.why_unclear(digest(running), digest(named), scope) == ()


def test_restarts_are_counted_by_what_the_tag_names() -> None:
    once = record({"web": move("b")}, template="another")
    thrice = replace(once, repeats={"web": repeat("b", 3)})

    assert [once.restarts("web", digest("b")), thrice.restarts("web", digest("b"))] == [1, 3]
    assert [0, 0, 0] == [each.restarts("web", digest("c")) for each in (record(), once, thrice)]
    assert (0, 0) == (once.restarts("side", digest("b")), once.restarts("web", None))


def test_what_differs_is_the_first_to_go_where_a_record_is_full() -> None:
    moves = {f"container-{number}": move("b", origins=("a",)) for number in range(8)}
    differ = tuple(pair(f"r{number}", f"t{number}") for number in range(20))
    full = record(moves, equal=(PAIR,), differ=differ)
    kept = full.fitting()

    assert (kept.containers, kept.equal) == (full.containers, full.equal)
    assert kept.differ == differ[: len(kept.differ)] != ()
    assert replace(kept, differ=differ[: len(kept.differ) + 1]).fitting() == kept
    assert len(kept.text()) <= LONGEST_RECORD


def test_what_is_unclear_goes_before_what_differs() -> None:
    differ = tuple(pair(f"r{number}", f"t{number}") for number in range(20))
    unclear = tuple((*pair(f"u{number}", "b"), "", "lacks") for number in range(9))
    full = record(differ=differ, unclear=unclear)
    kept = full.fitting()

    assert (kept.differ, kept.unclear) == (differ, unclear[: len(kept.unclear)])
    assert 0 < len(kept.unclear) < 9
    assert replace(kept, unclear=unclear[: len(kept.unclear) + 1]).fitting() == kept


def test_of_repeats_alone_as_many_are_kept_as_fit() -> None:
    repeats = {f"container-{number:02}": repeat("b", 3) for number in range(80)}
    kept = record(repeats=repeats).fitting()
    most = len(kept.repeats)

    assert list(kept.repeats) == list(repeats)[:most] != []
    assert record(repeats=dict(list(repeats.items())[: most + 1])).fitting() == kept
    assert len(kept.text()) <= LONGEST_RECORD


@pytest.mark.parametrize("differ", ['[["a"]]', '[["a","b","c"]]', "[[1,2]]", '"a"'])
def test_differences_that_are_none_make_it_no_record_of_ours(differ: str) -> None:
    assert Record() == Record.parse(f'{{"differ":{differ}}}')


@pytest.mark.parametrize(
    "annotations",
    [None, {}, {"figwasp/restartedAt": "2026-11-23T10:00:00Z"}, {"figwasp/record": "{}", "figwasp/any": "thing"}],
)
def test_the_hash_ignores_our_own_annotations(annotations: dict[str, str] | None) -> None:
    assert template_hash(template(annotations)) == template_hash(template())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(template({"kubectl.kubernetes.io/restartedAt": "now"}), id="kubectl's restart"),
        pytest.param(template({"figwasp.example/restartedAt": "now"}), id="an annotation that looks like ours"),
        pytest.param(template({"figwasp": "now"}), id="our name without a slash"),
        pytest.param({**template(), "metadata": {"labels": {"app": "web", "figwasp/x": "y"}}}, id="a label"),
        pytest.param(template(nodeSelector={"disk": "ssd"}), id="the spec"),
        pytest.param(template(containers=[{"name": "web", "image": "web:2"}]), id="the image"),
    ],
)
def test_the_hash_tells_every_other_change(changed: dict[str, Any]) -> None:
    assert template_hash(changed) != template_hash(template())


def test_the_hash_keeps_foreign_annotations_beside_ours() -> None:
    both = template({"figwasp/restartedAt": "now", "a": "b"})

    assert template_hash(both) == template_hash(template({"a": "b"}))


def test_the_hash_is_the_same_in_every_version_since_records_keep_it() -> None:
    assert template_hash(template()) == "15dbc23d39618201623a26ce90dfe4df"


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    turned = {"spec": template()["spec"], "metadata": template()["metadata"]}

    assert template_hash(turned) == template_hash(template())


@pytest.mark.parametrize("metadata", [{}, None, {"annotations": None}, {"annotations": {}}])
def test_the_hash_of_a_template_without_metadata_is_that_of_an_empty_one(metadata: Any) -> None:
    spec = template()["spec"]

    assert template_hash({"metadata": metadata, "spec": spec}) == template_hash({"spec": spec})


def test_hashing_leaves_the_template_as_it_was() -> None:
    given_template = template({"figwasp/restartedAt": "now"})
    template_hash(given_template)

    assert given_template == template({"figwasp/restartedAt": "now"})


def test_an_equality_that_holds_everywhere_takes_no_room_for_where() -> None:
    assert equality(digest("a"), digest("b")) == pair("a", "b")
