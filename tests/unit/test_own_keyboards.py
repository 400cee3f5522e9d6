"""Keyboards of one's own beside those of the package: what is stored under a name counts, and nothing of it is lost."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from swipefl.database.migrations import migrate
from swipefl.device.ingestion import Ingestion
from swipefl.device.keyboards import add_keyboard, add_rows, known_keyboards, remove_keyboard
from swipefl.device.ownership import exported
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import BUILT_IN, Key, Keyboard, built_in, keyboard_from_json
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.keyboards import row
from tests.support.people import examples
from tests.support.stores import fresh_store, put
from tests.support.swipes import lines

RELEASED = 4  # steps of the schema that stores had before there were layouts in the package
OWN = replace(built_in("qwertz-de"), width=999.0)  # another keyboard under a name that is the package's now
ROWS = "qwertzuiopü asdfghjklöä yxcvbnm"


@pytest.fixture
def old(path: Path) -> Path:
    """A store of before, with a keyboard of one's own and gestures on it and on qwerty."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:RELEASED])
        for n, keyboard in enumerate((OWN, built_in("qwerty"))):
            geometry = keyboard.to_json()
            language = ",".join(geometry.pop("languages"))
            conn.execute(
                "INSERT INTO keyboards (name, language, geometry) VALUES (?, ?, ?)",
                (keyboard.name, language, json.dumps(geometry | {"language": language})),
            )
            swipe = examples(1, n, keyboard)[0]
            points = swipe.gesture.points.astype("<f4").tobytes()
            conn.execute(
                "INSERT INTO gestures (id, trace, keyboard, word, verdict, held_out, stored_at, width, height, points) "
                "VALUES (?, ?, ?, ?, 'good', 0, 0, ?, ?, ?)",
                (f"old-{n}", b"%016d" % n, keyboard.name, swipe.word, keyboard.width, keyboard.height, points),
            )
    return path


def test_a_store_of_before_keeps_its_own_keyboard_under_a_name_of_the_package(old: Path) -> None:
    with Store(old) as store:
        assert store.keyboards.get("qwertz-de") == OWN
        assert store.keyboards.get("qwerty") is built_in("qwerty")
        assert store.keyboards.get("azerty-fr") == built_in("azerty-fr")
        assert [e.gesture.keyboard for e, _ in store.gestures.everything()] == [OWN, built_in("qwerty")]
        known = {keyboard.name: keyboard for keyboard in known_keyboards(store)}
        assert [*known] == [*BUILT_IN]
        assert [name for name, keyboard in known.items() if keyboard.own] == ["qwertz-de"]
        with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)), store.transaction():
            store.keyboards.add(built_in("qwertz-de"))
        with pytest.raises(UsageError, match="1 stored swipes"):
            remove_keyboard(store, "qwertz-de")
        store.gestures.erase()
        remove_keyboard(store, "qwertz-de")
        assert store.keyboards.get("qwertz-de") == built_in("qwertz-de")


def test_an_export_takes_it_along(old: Path) -> None:
    with Store(old) as store, fresh_store() as (new, folder):
        lines_of_export = [*exported(store)]
        (folder / "export.jsonl").write_bytes(lines(*lines_of_export))
        report = Ingestion(new).run([folder / "export.jsonl"])
        assert (report.stored, report.reasons) == (2, {})
        assert new.keyboards.get("qwertz-de") == OWN
        assert [*exported(new)] == lines_of_export


def test_swipes_on_a_keyboard_that_was_stored_with_other_languages_are_taken(store: Store, tmp_path: Path) -> None:
    before = replace(built_in("qwertz-ch"), languages=("de", "fr"))
    put(store, examples(1, 0, before))
    swipe = examples(1, 1, built_in("qwertz-ch"))[0]
    points = [{"x": float(x), "y": float(y), "t": float(t)} for x, y, t in swipe.gesture.points]
    (tmp_path / "new.jsonl").write_bytes(lines({"word": swipe.word, "keyboard": "qwertz-ch", "coords": points}))
    report = Ingestion(store).run([tmp_path / "new.jsonl"])
    assert (report.stored, report.reasons) == (1, {})
    assert store.keyboards.get("qwertz-ch") == before


def test_no_line_changes_what_qwerty_means(store: Store) -> None:
    for name in ("qwerty", "jcuken"):
        with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)):
            store.keyboards.add(replace(built_in(name), width=999.0))


def test_the_package_has_its_names_for_itself_where_a_person_chooses(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "qwertz-de.json"
    path.write_text(json.dumps({**OWN.to_json(), "name": ""}))
    with pytest.raises(UsageError, match="swipefl brings", check=advises(Remedy.CHOOSE_NAME)):
        add_keyboard(store, path)
    with pytest.raises(UsageError, match="swipefl brings"):
        add_keyboard(store, path, "qwertz-de", ("fr",))
    assert add_keyboard(store, path, "mine").own
    path.write_text(json.dumps(built_in("azerty-fr").to_json()))
    assert not add_keyboard(store, path).own


def test_rows_get_a_name_that_is_free(store: Store) -> None:
    assert add_rows(store, ROWS, languages=("de",)).name == "qwertz-de"
    assert not add_rows(store, ROWS, languages=("de",)).own
    other = add_rows(store, ROWS + "ß", languages=("de",))
    assert other.own
    assert other.name.startswith("grid-")
    assert add_rows(store, ROWS + "ß", languages=("de",)) == other
    assert add_rows(store, ROWS + "ß", "mine", ("de", "en")).languages == ("de", "en")
    with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)):
        add_rows(store, ROWS, "mine", ("de",))
    assert store.keyboards.get("mine").letters == "qwertzuiopüasdfghjklöäyxcvbnmß"


def test_what_is_removed_is_known_no_longer(store: Store) -> None:
    add_rows(store, ROWS, "mine")
    remove_keyboard(store, "mine")
    for name in ("mine", "nobody's"):
        with pytest.raises(UsageError, check=advises(Remedy.LIST_KEYBOARDS)):
            remove_keyboard(store, name)
    assert add_rows(store, "abc def", "mine").keys == 6


def test_what_swipes_refer_to_and_what_is_of_the_package_stays(store: Store) -> None:
    put(store, examples(3, keyboard=replace(built_in("qwerty"), name="mine")))
    put(store, examples(3, seed=1, keyboard=built_in("dvorak")))
    with pytest.raises(UsageError, match="3 stored swipes"):
        remove_keyboard(store, "mine")
    for name in ("dvorak", "qwerty"):
        with pytest.raises(UsageError, match="came with swipefl"):
            remove_keyboard(store, name)


def named(*languages: str) -> Keyboard:
    return replace(built_in("qwerty"), name="phone", languages=languages)


def test_a_keyboard_that_names_no_language_is_the_known_one(store: Store) -> None:
    """So that what an earlier swipefl guessed, or its owner said, stays; and the first that says it counts."""
    store.keyboards.add(named())
    store.keyboards.add(named("de", "en"))
    store.keyboards.add(named())
    assert store.keyboards.get("phone") == named("de", "en")
    with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)):
        store.keyboards.add(named("fr"))


def test_its_owner_may_say_another_language(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    path.write_text(json.dumps(named().to_json()))
    assert add_keyboard(store, path).languages == ()
    for languages in (("ru",), ("uk",), ("uk", "ru")):
        assert add_keyboard(store, path, languages=languages).languages == languages
    assert add_keyboard(store, path).languages == ("uk", "ru")
    assert store.sql.rows("SELECT language FROM keyboards") == [("uk,ru",)]


def test_keys_that_were_left_out_before_are_taken_later(store: Store) -> None:
    """A recorder's keyboard had digits and marks all along; an earlier swipefl read its letters only."""
    whole = keyboard_from_json(row(["a", "b", "\u0301", "1", "2"]))
    letters = replace(whole, keys=tuple(key for key in whole.keys if key.letter.isalpha()))
    for keyboard in (letters, whole, letters):
        store.keyboards.add(keyboard)
    assert store.keyboards.get(whole.name) == whole
    moved = replace(whole, keys=(*whole.keys[:-1], Key("2", 1.0, 1.0, 1.0, 1.0)))
    with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_NAME)):
        store.keyboards.add(moved)


def test_a_file_of_labels_a_line_is_a_keyboard(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "turkish.txt"
    path.write_text("q\nw wx ẅ\nı\n\na\ni\n\nz\n, ;\n")
    added = add_keyboard(store, path, languages=("tr",))
    assert (added.name, added.keys, added.left_out) == ("turkish", 6, (",",))
    assert [key.x for key in store.keyboards.get("turkish").keys[3:5]] == pytest.approx([370 / 3, 740 / 3])
