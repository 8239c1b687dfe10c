import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.search.text import MAX_WORD_LENGTH, MAX_WORDS, fold, index_text, tsquery, words_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Björk", "bjork", id="a diacritic"),
        pytest.param("bjo\u0308rk", "bjork", id="a diacritic of its own"),
        pytest.param("BJÖRK", "bjork", id="capitals"),
        pytest.param("Sigur Rós \u2013 Ágætis byrjun", "sigur ros agaetis byrjun", id="a ligature and a dash"),
        pytest.param("Mø", "mo", id="a letter without a decomposition"),
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("\uff21\uff22\uff23 ①", "abc 1", id="full width and circled"),
        pytest.param("Don\u2019t Stop 'til", "dont stop til", id="apostrophes"),
        pytest.param("AC/DC", "ac dc", id="a slash"),
        pytest.param("Μουσική ΤΗΣ", "μουσικη τησ", id="Greek with accents and a final sigma"),
        pytest.param("Ёлка", "елка", id="Cyrillic"),
        pytest.param("東京 が", "東京 か", id="Japanese, where a voicing mark is a mark"),
        pytest.param("\u0130stanbul ve \u0131\u015f\u0131k", "istanbul ve isik", id="Turkish i, dotted and not"),
        pytest.param("  !!!  ", "", id="signs only"),
    ],
)
def test_folds(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composition_and_case_do_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))
    assert fold(text.casefold()) == fold(text)


@given(st.text())
def test_folded_text_is_words_of_letters_and_digits(text: str) -> None:
    assert all(word.isalnum() for word in fold(text).split(" ") if fold(text))


def test_the_first_line_is_the_title_and_the_second_what_people_add() -> None:
    assert index_text("River", "Alma Lund", "Old Rivers") == "river\nalma lund old rivers"
    assert index_text("Alma Lund") == "alma lund"


def test_all_words_are_asked_for_and_the_last_may_be_begun() -> None:
    assert tsquery(words_of("Alma  Ri")) == "'alma' & 'ri':*"


def test_no_word_is_no_query() -> None:
    assert tsquery(words_of("?!")) == ""


def test_endless_queries_are_cut() -> None:
    words = words_of("x" * 1000 + " y" * 1000)
    assert (len(words), len(words[0])) == (MAX_WORDS, MAX_WORD_LENGTH)


@given(st.text())
def test_nothing_in_a_query_is_an_operator(text: str) -> None:
    query = tsquery(words_of(text))
    bare = [part.removesuffix(":*").strip("'") for part in query.split(" & ")] if query else []
    assert bare == words_of(text)
    assert not set("".join(bare)) & set("&|!()<>:*'\\ ")


def test_words_that_were_not_folded_are_refused() -> None:
    with pytest.raises(ValueError, match="come from words_of"):
        tsquery(["a' | 'b"])
