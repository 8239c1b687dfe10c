"""Whatever shows an image: tables, API and ingest name the same things, so that one more is not half done."""

from graph.images.artwork import SUBJECTS
from graph.images.types import Illustrated
from graph.reads.models import models_of
from graph.schema import schema
from ingest.images.ledger import TAKE_OFF
from ingest.lifecycle.housekeeping import FORGET_IMAGES

REFERENCES = """
SELECT conrelid::regclass::text AS table_name, attname AS column_name FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)
WHERE contype = 'f' AND confrelid = 'images'::regclass ORDER BY 1
"""


def updated(statement: str) -> str:
    """The table of an UPDATE of `image_id`."""
    verb, table, rest = statement.split(" ", 2)
    assert verb == "UPDATE"
    assert rest.startswith("SET image_id = ")
    return table


async def test_whatever_refers_to_an_image_is_known_to_all_who_have_to_know(app, pool) -> None:
    assert app is not None
    references = [(row["table_name"], row["column_name"]) for row in await pool.fetch(REFERENCES)]
    assert references[:3] == [("albums", "image_id"), ("artists", "image_id"), ("assets", "proposed_image_id")]
    shown = [table for table, column in references if column == "image_id"]
    assert sorted(updated(subject.set_image) for subject in SUBJECTS.values()) == shown
    assert sorted(map(updated, TAKE_OFF)) == shown
    for table, column in references:
        assert f"NOT EXISTS (SELECT FROM {table} WHERE {column} = image.id)" in FORGET_IMAGES


def test_whatever_may_have_artwork_is_illustrated_and_a_node() -> None:
    printed = schema().as_str()
    assert {name for name in SUBJECTS if f"type {name} implements Illustrated & Node" in printed} == set(SUBJECTS)
    assert printed.count("implements Illustrated & Node") == len(SUBJECTS) == len(Illustrated.__subclasses__())
    assert set(SUBJECTS) <= models_of(schema()).of_interface("Node")
