"""R3: an index is built anew while people search, and killed halfway: nobody notices, nothing is left behind."""

import random
import threading
import time
from pathlib import Path

import pytest

from search_index import rebuild
from sportello.portal.site import open_site
from tests.damage.changes import change_something
from tests.damage.places import Browser, Place, wait_until

pytestmark = pytest.mark.slow
QUESTIONS = ("/search?q=invoice", "/search?q=restrict+warehouse+owner", "/search?q=kind:how-to")
TOTAL = 'data-total="'


def total(body: str) -> str:
    """The number of results that a page says."""
    assert TOTAL in body
    return body.split(TOTAL)[1].split('"')[0]


class Searching:
    """Four people search without a pause; `answers` says how often, `wrong` what was not as before."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._search, args=(number,)) for number in range(4)]
        self.answers = 0
        self.wrong: list[str] = []

    def _search(self, number: int) -> None:
        try:
            browser = Browser(self._place.base)
            if number % 2:
                browser.sign_in("piero@premium.example")
            before = {question: total(browser.get(question).body) for question in QUESTIONS}
            while not self._stop.is_set():
                for question, expected in before.items():
                    answer = browser.get(question)
                    found = total(answer.body) if answer.status == 200 else ""
                    if found != expected or "being repaired" in answer.body:
                        self.wrong.append(f"{question}: {answer.status}, {found} instead of {expected}")
                    self.answers += 1
                    time.sleep(0.03)  # four people, and a machine that does other things too
        except BaseException as error:
            self.wrong.append(repr(error))
            raise

    def __enter__(self) -> "Searching":
        for thread in self._threads:
            thread.start()
        wait_until(lambda: self.answers > 20 or bool(self.wrong), 60, "people search")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def generations(index: Path) -> list[str]:
    return sorted(path.name for path in index.iterdir() if path.is_dir())


def test_people_search_while_generations_are_swapped_and_rebuilds_are_killed(place: Place) -> None:
    index, chance = place.settings.index_dir, random.Random(5)
    place.serve("web")
    site = open_site(place.settings)
    seen = {site.engine.manifest().generation}  # type: ignore[union-attr]
    with Searching(place) as searching:
        for _ in range(3):
            seen.add(rebuild.rebuild(site.engine, site.database).generation)
        left = 0
        for _ in range(3):
            serving = site.engine.manifest()
            rebuilding = place.start("index", "rebuild")
            wait_until(lambda: len(generations(index)) > 1, 60, "it builds")
            time.sleep(chance.uniform(0, 0.05))
            rebuilding.kill()
            rebuilding.wait()
            if len(generations(index)) > 1:
                left += 1
                assert site.engine.manifest() == serving
    assert searching.wrong == []
    assert searching.answers > 60
    assert len(seen) == 4
    assert left, "no rebuild was killed halfway"
    assert rebuild.differences(site.engine, site.database) == []

    change_something(site.database, chance)
    place.start("worker")
    wait_until(lambda: place.backlog() == 0, 60, "the worker has caught up")
    assert generations(index) == [site.engine.manifest().generation]  # type: ignore[union-attr]
    assert rebuild.differences(site.engine, site.database) == []
    site.database.dispose()
