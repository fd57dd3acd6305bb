"""R8: the restore drill of docs/operations.md: a backup during writes, restored elsewhere, searched."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kb.models import Article
from search_index import rebuild
from sportello.accounts.models import Person
from sportello.core import audience
from sportello.portal.site import open_site
from tests.damage.changes import Changing
from tests.damage.places import Browser, Place, free_port, wait_until

pytestmark = pytest.mark.slow


def counts(place: Place) -> tuple[int, int]:
    with place.database() as database, database.read() as session:
        articles = session.scalar(Article.visible_to(audience.system(), func.count(Article.id)))
        return articles or 0, session.scalar(select(func.count()).select_from(Person)) or 0


def test_the_drill(place: Place, tmp_path: Path) -> None:
    place.serve()
    with Changing(place, seed=3, pause=0.05) as changing:
        wait_until(lambda: changing.count > 5, 20, "articles are being changed")
        place.command("backup", str(tmp_path / "backup.tar.gz"))
        wait_until(lambda: changing.count > 10, 20, "articles are still being changed")
    place.stop_all()

    drill = Place(tmp_path / "drill", free_port())
    try:
        said = drill.command("restore", str(tmp_path / "backup.tar.gz")).stdout
        assert "documents indexed" in said
        articles, people = counts(drill)
        assert people == counts(place)[1]
        assert abs(articles - counts(place)[0]) < 15  # only what was deleted after the backup differs
        site = open_site(drill.settings)
        assert rebuild.differences(site.engine, site.database) == []
        site.database.dispose()

        doctor = drill.command("doctor", check=False)
        bad = [line.split()[1] for line in doctor.stdout.splitlines() if line.startswith("BAD")]
        assert set(bad) <= {"worker", "database"}, doctor.stdout  # no worker yet; events wait for it

        drill.serve()
        wait_until(lambda: Browser(drill.base).get("/healthz").body == "ok\n", 60, "all is well")
        anna = Browser(drill.base)
        anna.sign_in("anna@xtreme.example")
        assert "data-total" in anna.get("/search?q=invoice").body
        found = json.loads(drill.command("search", "invoice", "--json").stdout)
        assert found["total"] > 0
    finally:
        drill.stop_all()


def test_a_restore_over_a_site_in_use_is_refused(place: Place, tmp_path: Path) -> None:
    place.command("backup", str(tmp_path / "backup.tar.gz"))
    refused = place.command("restore", str(tmp_path / "backup.tar.gz"), check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("sportello: This site holds people")
    assert "Traceback" not in refused.stderr
