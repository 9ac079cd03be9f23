"""Fixtures for every test, and the order in which tests share one database.

Where tests run in several processes, each has a database and a served copy of its own, and takes
its tests in this order.
"""

import os
import shutil
import tempfile
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from xdist.scheduler import LoadScopeScheduling

from tests.browser.serving import prepare

# Where the tests of a file share a served copy, or what the one before has made.
IN_ONE_PROCESS = (
    "tests/browser/test_crash.py",
    "tests/browser/test_desk.py",
    "tests/config/test_production.py",
    "tests/config/test_serve.py",
    "tests/contract",
)


def shared_by(nodeid):
    """The name of the tests that a test shares a copy with, if it does."""
    return next((path for path in IN_ONE_PROCESS if nodeid.startswith(path)), "")


class Scheduling(LoadScopeScheduling):
    """Gives each test to whichever process is free, and those that share a copy to one."""

    def _split_scope(self, nodeid):
        return shared_by(nodeid) or nodeid


def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)


def pytest_collection_modifyitems(items):
    """Tests with an empty database first, then those that commit, then those with the seed.

    A browser stays in its process to the end, where Django would refuse to ask the database; of
    its tests those that one process takes come first, as the others can be shared out, and of
    these the long ones, so that no process waits at the end for another.
    """

    def order(item):
        fixtures = getattr(item, "fixturenames", ())
        return (
            "browser" in item.path.parts,
            "browser" in item.path.parts and not shared_by(item.nodeid),
            "browser" in item.path.parts and item.get_closest_marker("long") is None,
            "contract" in item.path.parts,
            "seed_loaded" in fixtures,
            "transactional_db" in fixtures
            or any(mark.kwargs.get("transaction") for mark in item.iter_markers("django_db")),
        )

    items.sort(key=order)


def pytest_configure(config):
    """Name the run, so that its processes know the same folder."""
    os.environ.setdefault("CASEBOOK_TEST_RUN", str(os.getpid()))


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        shutil.rmtree(prepared_folder(), ignore_errors=True)
        prepared_folder().with_suffix(".lock").unlink(missing_ok=True)


def prepared_folder():
    return Path(tempfile.gettempdir()) / f"casebook-run-{os.environ['CASEBOOK_TEST_RUN']}"


@pytest.fixture(scope="session")
def prepared():
    """A data folder as `make run` makes it, for served copies to begin with; made once a run."""
    prepare(prepared_folder())
    return prepared_folder()


@pytest.fixture(autouse=True, scope="session")
def settings_of_tests(tmp_path_factory):
    """Pages name static files as they are, nobody asks too often, and passwords are quick to hash.

    The first two have tests of their own; the third is slow on purpose, in earnest. Files that a
    served copy has collected would be read anew for each client of a test.
    """
    from django.test.utils import override_settings

    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    unlimited = dict.fromkeys(settings.API_RATES, (0, 1))
    with override_settings(
        STORAGES=storages,
        STATIC_ROOT=tmp_path_factory.mktemp("static"),
        SECURE_SSL_REDIRECT=False,
        API_RATES=unlimited,
        PAGE_RATE=(0, 1),
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Commits to a test's database wait for no disk; what a crash leaves is asked of served copies."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        cursor.execute("SET synchronous_commit = off")


@pytest.fixture(scope="session")
def seed_loaded(django_db_setup, django_db_blocker):
    """The Sialkot case as `make run` has it, loaded once and kept for every test after."""
    with django_db_blocker.unblock():
        call_command("load_cases", settings.CASES_SEED, publish=True, verbosity=0)
        call_command("write_documents", stdout=StringIO())


@pytest.fixture
def seeded(seed_loaded, db):
    """A database with the Sialkot case."""


@pytest.fixture
def administrator(db, django_user_model):
    return django_user_model.objects.create_superuser("admin@example.org", "a long password")


@pytest.fixture
def desk(client, administrator):
    """A client that is signed in as administrator."""
    # The admin asks for these once in a process; which test is first must make no difference.
    ContentType.objects.get_for_models(*apps.get_models())
    client.force_login(administrator)
    return client
