"""Signing in: equal answers for everybody, exact limits, a second factor whose codes work once."""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import time_machine

from sportello.accounts import passwords
from sportello.accounts.models import LoginSession, Person, RecoveryCode
from sportello.accounts.plans import Plans
from sportello.accounts.services import credentials, people, second_factor, sessions
from sportello.accounts.services.sessions import Client
from sportello.accounts.services.sign_in import CodeNeeded, SignedIn, confirm_password, sign_in, sign_in_with_code
from sportello.accounts.services.tokens import LinkExpired
from sportello.accounts.viewer import viewer_of
from sportello.core import audience
from sportello.core.audience import Viewer
from sportello.core.db import Database
from sportello.core.errors import Invalid, TooMany
from sportello.core.settings import Settings
from tests.people import PASSWORD, Cast

NOON = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
HERE = Client("192.0.2.1", "tests")
SignIn = Callable[..., SignedIn | CodeNeeded]


@pytest.fixture
def try_in(database: Database, settings: Settings, with_passwords: Cast) -> SignIn:
    def run(email: str = "anna@xtreme.example", password: str = PASSWORD, client: Client = HERE) -> object:
        return sign_in(database, settings, email, password, client)

    return run  # type: ignore[return-value]


def _signed_in_as(database: Database, outcome: SignedIn | CodeNeeded) -> str | None:
    with database.read() as session:
        found = sessions.find_session(session, outcome.token)
        return found.person.name if found else None


def test_address_in_any_case_and_password_open_a_session(database: Database, try_in: SignIn) -> None:
    outcome = try_in(" Anna@Xtreme.example")
    assert isinstance(outcome, SignedIn)
    assert _signed_in_as(database, outcome) == "Anna Test"


def test_every_sign_in_has_a_new_token_and_the_database_keeps_none(database: Database, try_in: SignIn) -> None:
    first, second = try_in(), try_in()
    assert first.token != second.token
    with database.read() as session:
        stored = [row.token_hash for row in session.query(LoginSession)]
    assert len(stored) == 2
    assert first.token not in stored


@pytest.mark.parametrize(
    ("email", "password"),
    [("anna@xtreme.example", "wrong"), ("nobody@xtreme.example", PASSWORD), ("", ""), ("sara@support.example", "")],
)
def test_a_refusal_says_the_same_to_everybody(try_in: SignIn, email: str, password: str) -> None:
    with pytest.raises(Invalid) as error:
        try_in(email, password)
    assert str(error.value) == "Address and password do not match. Check both, or set a new password."
    assert error.value.field is None


def test_invited_and_deactivated_people_are_refused_alike(database: Database, try_in: SignIn) -> None:
    with database.write() as session:
        session.query(Person).filter_by(key="p-anna").one().password_hash = None
        session.query(Person).filter_by(key="p-piero").one().active = False
    for email in ("anna@xtreme.example", "piero@premium.example"):
        with pytest.raises(Invalid, match="do not match"):
            try_in(email)


def test_a_refusal_takes_the_same_time_for_known_and_unknown_addresses(
    try_in: SignIn, settings: Settings, database: Database
) -> None:
    free = replace(settings, limit_sign_in_account=0, limit_sign_in_ip=0)

    def seconds(email: str) -> float:
        start = time.perf_counter()
        with pytest.raises(Invalid):
            sign_in(database, free, email, "wrong", HERE)
        return time.perf_counter() - start

    known, unknown = [], []
    for i in range(12):
        known.append(seconds("anna@xtreme.example"))
        unknown.append(seconds(f"nobody-{i}@xtreme.example"))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.6 < ratio < 1.67
    assert min(unknown) > 0.005  # a hash was computed


def test_passwords_are_kept_as_owasp_says(password_hash: str) -> None:
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_eleventh_failure_in_five_minutes_is_refused_whoever_it_is(try_in: SignIn) -> None:
    for email in ("anna@xtreme.example", "nobody@xtreme.example"):
        with time_machine.travel(NOON, tick=False) as clock:
            for _ in range(10):
                with pytest.raises(Invalid):
                    try_in(email, "wrong")
            with pytest.raises(TooMany) as full:
                try_in(email)
            assert full.value.retry_after == 299
            assert str(full.value) == "Too many failed attempts. Try again in 5 min."
            clock.shift(timedelta(seconds=299))
            with pytest.raises(Invalid):
                try_in(email, "wrong")


def test_a_success_does_not_count_as_a_failure(try_in: SignIn) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(9):
            with pytest.raises(Invalid):
                try_in(password="wrong")
        for _ in range(5):
            assert isinstance(try_in(), SignedIn)
        with pytest.raises(Invalid):
            try_in(password="wrong")
        with pytest.raises(TooMany):
            try_in()


def test_one_address_of_the_network_gets_a_hundred_failures(try_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "verify", lambda hashed, plain: False)
    with time_machine.travel(NOON, tick=False):
        for i in range(100):
            with pytest.raises(Invalid):
                try_in(f"nobody-{i}@xtreme.example")
        with pytest.raises(TooMany):
            try_in("anna@xtreme.example")
        with pytest.raises(Invalid):
            try_in("anna@xtreme.example", client=Client("192.0.2.2"))


def _guess(settings: Settings, moment: datetime, tries: int) -> int:
    """How many guesses were looked at; run in a process of its own."""
    database, looked_at = Database(settings.database, settings.counters_database), 0
    with time_machine.travel(moment, tick=False):
        for _ in range(tries):
            try:
                sign_in(database, settings, "anna@xtreme.example", "wrong", HERE)
            except Invalid:
                looked_at += 1
            except TooMany:
                continue
    database.dispose()
    return looked_at


def test_two_workers_together_look_at_exactly_ten_guesses(settings: Settings, with_passwords: Cast) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        looked_at = pool.starmap(_guess, [(settings, NOON, 8), (settings, NOON, 8)])
    assert sum(looked_at) == 10


@pytest.fixture
def anna(plans: Plans, with_passwords: Cast) -> Viewer:
    return viewer_of(with_passwords.anna, plans)


@pytest.fixture
def secret(database: Database, anna: Viewer) -> str:
    """Anna has a second factor; its setup spent the code of 11:58."""
    with time_machine.travel(NOON - timedelta(minutes=2), tick=False), database.write() as session:
        secret = second_factor.begin(session, anna)
        second_factor.confirm(session, anna, pyotp.TOTP(secret).at(NOON - timedelta(minutes=2)))
    return secret


def test_with_a_second_factor_the_password_alone_opens_nothing(
    database: Database, settings: Settings, try_in: SignIn, secret: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        pending = try_in()
        assert isinstance(pending, CodeNeeded)
        assert _signed_in_as(database, pending) is None
        with pytest.raises(Invalid, match="not right"):
            sign_in_with_code(database, settings, pending.token, "000000", HERE)
        opened, _ = sign_in_with_code(database, settings, pending.token, pyotp.TOTP(secret).at(NOON), HERE)
        assert _signed_in_as(database, opened) == "Anna Test"
        with pytest.raises(LinkExpired):
            sign_in_with_code(database, settings, pending.token, pyotp.TOTP(secret).at(NOON), HERE)


def test_a_code_is_accepted_once(database: Database, settings: Settings, try_in: SignIn, secret: str) -> None:
    with time_machine.travel(NOON, tick=False):
        code = pyotp.TOTP(secret).at(NOON)
        sign_in_with_code(database, settings, try_in().token, code, HERE)
        with pytest.raises(Invalid):
            sign_in_with_code(database, settings, try_in().token, code, HERE)


@pytest.mark.parametrize(("seconds", "accepted"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(
    database: Database, settings: Settings, try_in: SignIn, secret: str, seconds: int, accepted: bool
) -> None:
    with time_machine.travel(NOON, tick=False):
        code = pyotp.TOTP(secret).at(NOON + timedelta(seconds=seconds))
        pending = try_in()
        if accepted:
            sign_in_with_code(database, settings, pending.token, code, HERE)
            return
        with pytest.raises(Invalid):
            sign_in_with_code(database, settings, pending.token, code, HERE)


def test_wrong_codes_use_the_same_ten_failures_up(
    database: Database, settings: Settings, try_in: SignIn, secret: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        pending = try_in()
        for _ in range(10):
            with pytest.raises(Invalid):
                sign_in_with_code(database, settings, pending.token, "000000", HERE)
        with pytest.raises(TooMany):
            sign_in_with_code(database, settings, pending.token, pyotp.TOTP(secret).at(NOON), HERE)


def test_a_recovery_code_works_once_and_new_ones_replace_the_old(
    database: Database, settings: Settings, try_in: SignIn, secret: str, anna: Viewer
) -> None:
    with time_machine.travel(NOON, tick=False):
        with database.write() as session:
            codes = second_factor.new_recovery_codes(session, anna)
        assert len(set(codes)) == 10
        with database.read() as session:
            assert not {row.code_hash for row in session.query(RecoveryCode)} & set(codes)
        sign_in_with_code(database, settings, try_in().token, codes[0].upper(), HERE)
        with pytest.raises(Invalid):
            sign_in_with_code(database, settings, try_in().token, codes[0], HERE)
        with database.write() as session:
            assert second_factor.codes_left(session, anna) == 9
            second_factor.new_recovery_codes(session, anna)
        with pytest.raises(Invalid):
            sign_in_with_code(database, settings, try_in().token, codes[1], HERE)


def test_the_first_step_is_forgotten_after_ten_minutes(
    database: Database, settings: Settings, try_in: SignIn, secret: str
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        pending = try_in()
        clock.shift(timedelta(minutes=10))
        with pytest.raises(LinkExpired):
            sign_in_with_code(database, settings, pending.token, pyotp.TOTP(secret).now(), HERE)


def test_a_session_ends_after_twelve_idle_hours_or_thirty_days(
    database: Database, settings: Settings, with_passwords: Cast
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        short = sign_in(database, settings, "anna@xtreme.example", PASSWORD, HERE)
        long = sign_in(database, settings, "anna@xtreme.example", PASSWORD, HERE, remember=True)
        clock.shift(timedelta(hours=11))
        with database.write() as session:
            for outcome in (short, long):
                found = sessions.find_session(session, outcome.token)
                assert found is not None
                assert sessions.needs_touch(found)
                sessions.touch(session, found.id, found.person_id)
        clock.shift(timedelta(hours=11))
        assert _signed_in_as(database, short)
        clock.shift(timedelta(hours=1))
        assert not _signed_in_as(database, short)
        clock.shift(timedelta(days=29))
        assert _signed_in_as(database, long)
        clock.shift(timedelta(days=1))
        assert not _signed_in_as(database, long)


ENDINGS: dict[str, Callable[..., object]] = {
    "sign-out everywhere": lambda session, anna: credentials.sign_out_everywhere(session, anna),
    "password change": lambda session, anna: credentials.change_password(session, anna, "a-new-good-password"),
    "deactivation": lambda session, anna: people.deactivate(session, audience.system(), "p-anna"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_sessions_end_with(database: Database, try_in: SignIn, anna: Viewer, ending: str) -> None:
    opened = [try_in(), try_in()]
    other = try_in("piero@premium.example")
    with database.write() as session:
        ENDINGS[ending](session, anna)
    assert [_signed_in_as(database, outcome) for outcome in opened] == [None, None]
    assert _signed_in_as(database, other) == "Piero Test"


def test_somebody_ends_only_their_own_sessions(database: Database, try_in: SignIn, anna: Viewer) -> None:
    piero = try_in("piero@premium.example")
    with database.read() as session:
        found = sessions.find_session(session, piero.token)
        assert found is not None
    with database.write() as session, pytest.raises(sessions.NotFound):
        sessions.revoke_session(session, anna, found.key)
    assert _signed_in_as(database, piero)


def test_asking_for_the_password_again_is_limited_too(database: Database, settings: Settings, anna: Viewer) -> None:
    with time_machine.travel(NOON, tick=False):
        confirm_password(database, settings, anna, PASSWORD, "192.0.2.1")
        for _ in range(10):
            with pytest.raises(Invalid):
                confirm_password(database, settings, anna, "wrong", "192.0.2.1")
        with pytest.raises(TooMany):
            confirm_password(database, settings, anna, PASSWORD, "192.0.2.1")
