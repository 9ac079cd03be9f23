"""Settings are read once at start, so each test starts a process of its own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "CASEBOOK_MODE": "production",
    "SECRET_KEY": "k" * 60 + "0123456789abc",
    "DATABASE_URL": "postgresql://casebook@localhost/casebook",
    "ALLOWED_HOSTS": "casebook.example.org",
    "MAIL_HOST": "mail.example.org",
}


def start(*command, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "CASEBOOK_MODE": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_clean_by_djangos_own_deployment_check():
    checked = start("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_missing_variable_stops_the_start_with_its_name_and_where_it_is_explained():
    refused = start("check", CASEBOOK_MODE="production")

    assert refused.returncode != 0
    said = refused.stderr.split("ImproperlyConfigured:")[-1]
    assert "explained in docs/settings.md" in said
    for name in ("ALLOWED_HOSTS", "DATABASE_URL", "SECRET_KEY"):
        assert f"{name}: Environment variable not set." in said


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEBUG", "perhaps", "DEBUG: Not a valid boolean."),
        ("HSTS_SECONDS", "a year", "HSTS_SECONDS: Not a valid integer."),
        ("HSTS_SECONDS", "-1", "HSTS_SECONDS: Must be greater than or equal to 0."),
        ("CASEBOOK_MODE", "test", "CASEBOOK_MODE: Must be one of: local, production."),
        ("RATE_ANONYMOUS", "many", "RATE_ANONYMOUS: Write it as 600/minute, or none."),
        ("RATE_EXPORT", "10/hours", "RATE_EXPORT: Write it as 600/minute, or none."),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES: Must be greater than or equal to 0."),
        ("CACHE_URL", "memcached://x", "CACHE_URL: "),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: Must be one of: DEBUG,"),
        ("DATABASE_URL", "sqlite:///x.db", "DATABASE_URL: PostgreSQL is the only engine"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: "),
    ],
)
def test_an_ill_typed_variable_stops_the_start(name, value, message):
    refused = start("check", **{**PRODUCTION, name: value})

    assert refused.returncode != 0
    assert message in refused.stderr


def test_every_variable_is_documented():
    source = (PROJECT / "config" / "settings.py").read_text()
    documented = (PROJECT / "docs" / "settings.md").read_text()
    names = {part.split('"')[1] for part in source.split("env.")[1:] if '"' in part.split("\n")[0]}

    assert len(names) >= 8
    assert {name for name in names if f"`{name}`" not in documented} == set()


def test_debug_is_off_unless_asked_for():
    shown = start(
        "shell",
        "-v0",
        "-c",
        "from django.conf import settings; print(settings.DEBUG)",
        **PRODUCTION,
    )

    assert shown.stdout.strip() == "False"


def test_the_local_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    environment = {"CASEBOOK_MODE": "local", "CASEBOOK_DATA": str(tmp_path / "data")}
    script = "from django.conf import settings; print(settings.SECRET_KEY)"

    first, second = (start("shell", "-v0", "-c", script, **environment).stdout for _ in range(2))

    assert first == second
    assert len(first.strip()) >= 50
    mode = (tmp_path / "data" / "secret_key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_policy_for_scripts_is_strict(settings):
    assert settings.SECURE_CSP["script-src"] == ["'self'"]
    assert settings.SECURE_CSP["default-src"] == ["'none'"]
    assert "'unsafe-eval'" not in str(settings.SECURE_CSP)
