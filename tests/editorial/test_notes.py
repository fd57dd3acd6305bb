"""Comments of a review find their lines again, however many there are."""

import time
from dataclasses import dataclass

from editorial.notes import nearest, placed


@dataclass
class Comment:
    revision_id: int
    line: int | None
    quote: str


def test_a_comment_moves_with_its_line_to_the_nearest_that_says_the_same() -> None:
    lines = ["a", "b", "a", "", "a"]
    assert [nearest("a", line, lines) for line in (1, 2, 4, 9)] == [1, 1, 3, 5]
    assert nearest("", 4, lines) is None
    here, moved, gone, whole = Comment(2, 5, "a"), Comment(1, 1, "b"), Comment(1, 1, "z"), Comment(1, None, "a")
    assert placed([here, moved, gone, whole], "\n".join(lines), 2) == ({5: [here], 2: [moved]}, [gone, whole])


def test_many_comments_on_a_long_text_take_no_time() -> None:
    comments = [Comment(1, number, f"line {number % 7}") for number in range(2000)]
    started = time.process_time()
    placed(comments, "\n".join(f"line {number % 11}" for number in range(100_000)), 2)
    assert time.process_time() - started < 5
