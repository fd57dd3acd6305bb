"""The child process: killed, stopped, forked over, shared by threads, and gone with its parent."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from sportello.core.errors import Unavailable
from sportello.core.markup import TooComplex, close, pids, pool, render, warm


def is_running(pid: int) -> bool:
    """False also for a process that has ended and waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_many_texts_share_one_process() -> None:
    close()
    render("a")
    first = pids()
    for _ in range(20):
        render("b")
    assert pids() == first


def test_a_killed_child_is_replaced_unnoticed() -> None:
    warm()
    for _ in range(3):
        for pid in pids():
            os.kill(pid, signal.SIGKILL)
        assert render("*a*").html == "<p><em>a</em></p>"


def test_a_child_that_answers_no_more_is_killed_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nobody can say that the text is at fault, and nobody does."""
    monkeypatch.setattr(pool, "STALLED_SECONDS", 0.2)
    warm()
    stopped = pids()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(Unavailable):
        render("One\n\nThe *long* one", seconds=0.1)
    assert time.monotonic() - start < 5
    assert not is_running(stopped[-1])
    close()
    monkeypatch.undo()
    assert render("*a*").html == "<p><em>a</em></p>"


def test_a_child_that_cannot_interrupt_itself_is_ended_by_the_kernel() -> None:
    """The timer that the child sets for itself ends it; here it rings early, in the middle of a text."""
    warm()
    slow = "Fine.\n\n" + "[a" * 30_000
    busy = pids()
    timer = Timer(0.3, lambda: [os.kill(pid, signal.SIGVTALRM) for pid in busy])
    timer.start()
    start = time.monotonic()
    with pytest.raises(TooComplex) as refusal:
        render(slow)
    timer.join()
    assert refusal.value.paragraph_number == 2
    assert time.monotonic() - start < 10
    assert render("*a*").html == "<p><em>a</em></p>"


def test_threads_get_their_own_answers() -> None:
    texts = [f"# Title {number}\n\n" + f"body {number} `code`\n\n" * 20 for number in range(64)]
    alone = [render(text).html for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert [rendered.html for rendered in threads.map(render, texts)] == alone
    assert len(pids()) <= 2


def test_a_forked_process_has_a_child_of_its_own() -> None:
    """gunicorn forks its workers: two of them on one pipe would read each other's pages."""
    render("a")
    before = pids()
    pid = os.fork()
    if pid == 0:
        own = render("b").html == "<p>b</p>" and not set(before) & set(pids())
        close()
        os._exit(0 if own else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert render("c").html == "<p>c</p>"
    assert pids() == before


def test_the_child_ends_with_its_parent() -> None:
    script = "from sportello.core.markup import *; import time; warm(); print(pids()[0], flush=True); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 5
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(child)


def test_the_child_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTELLO_SECRET_KEY", "known-to-the-parent-only")
    close()
    warm()
    assert b"SPORTELLO" not in Path(f"/proc/{pids()[0]}/environ").read_bytes()


def test_importing_the_package_loads_no_renderer() -> None:
    """Web workers stay small: Markdown and Pygments live in the child only."""
    script = (
        "import sys, sportello.core.markup; print([m for m in ('markdown', 'pygments', 'nh3') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
