"""The wheel: built, installed in an empty environment outside the checkout, and served from there."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.damage.places import Browser, Place, free_port, wait_until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def run(*command: object, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel and what it needs, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv" / "bin"
    constraints = ROOT / "constraints.txt"
    run(binaries / "pip", "install", "-q", "--disable-pip-version-check", "-c", constraints, wheel, cwd=folder)
    return binaries


class Installed(Place):
    """A place whose commands are those of the wheel."""

    binaries: Path

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [str(self.binaries / "sportello"), *arguments], cwd=self.folder.parent, env=self.environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.processes.append(process)
        return process


@pytest.fixture
def place(installed: Path, tmp_path: Path) -> Iterator[Installed]:
    made = Installed(tmp_path / "var", free_port())
    made.binaries = installed
    yield made
    made.stop_all()


def test_the_demo_and_the_site_run_from_the_wheel(place: Installed) -> None:
    place.start("demo", "--port", str(place.port))
    browser = Browser(place.base)

    def answers() -> bool:
        try:
            return browser.get("/healthz").body == "ok\n"
        except OSError:
            return False

    wait_until(answers, 180, "the demo is served")
    browser.sign_in("piero@premium.example")
    assert 'data-kind="' in browser.get("/search?q=rounding").body
    page = browser.get("/").body
    assert "/static/" in page
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert browser.get(style).status == 200
    place.stop_all()

    place.processes.clear()
    place.serve()
    italian = browser.get("/plans", **{"Accept-Language": "it"})
    assert italian.status == 200


def test_the_wheel_carries_everything_it_needs(installed: Path, tmp_path: Path) -> None:
    code = (
        "from sportello.core.resources import FOLDERS, resource, root\n"
        "assert root().name == '_resources', root()\n"
        "for folder in FOLDERS: assert any(resource(folder).rglob('*.*')), folder\n"
        "from sportello.portal.demo.articles import FOLDER\n"
        "assert len(list(FOLDER.glob('*/*.md'))) > 60\n"
        "from sportello.accounts.plans import Plans\n"
        "assert Plans.load().ladder\n"
    )
    run(installed / "python", "-c", code, cwd=tmp_path)
