"""Public keys: any letter in any place, repeatable only when a test asks for it."""

from collections.abc import Iterator

import pytest

from sportello.core import keys


@pytest.fixture
def seeded() -> Iterator[None]:
    keys.seed(7)
    yield
    keys.seed(None)


@pytest.mark.parametrize("length", [1, 5, 10, 32])
def test_a_key_has_its_length_and_its_alphabet(length: int) -> None:
    assert all(keys.is_key(keys.new_key(length), length) for _ in range(50))


def test_every_letter_comes_in_every_place(seeded: None) -> None:
    made = [keys.new_key() for _ in range(2000)]
    assert len(set(made)) == len(made)
    for place in zip(*made, strict=True):
        counts = [place.count(letter) for letter in keys.ALPHABET]
        assert min(counts) > 30  # 64.5 on average
        assert max(counts) < 110


def test_many_keys_at_once_are_keys_like_any_other(seeded: None) -> None:
    made = keys.new_keys(2000)
    assert len(set(made)) == 2000
    assert all(keys.is_key(key) for key in made)
    for place in zip(*made, strict=True):
        counts = [place.count(letter) for letter in keys.ALPHABET]
        assert min(counts) > 30
        assert max(counts) < 110
    assert keys.new_keys(0) == []


def test_a_seed_repeats_and_without_one_nothing_does() -> None:
    keys.seed(3)
    first = keys.new_key()
    keys.seed(3)
    assert keys.new_key() == first
    keys.seed(3)
    several = keys.new_keys(3)
    keys.seed(3)
    assert keys.new_keys(3) == several
    keys.seed(None)
    assert keys.new_key() != keys.new_key()
