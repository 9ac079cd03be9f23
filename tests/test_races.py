"""Two people, or a person and a command, at the same records at the same moment."""

import pytest
import yaml
from django.db import transaction

from clusters.actions.case_folders import load
from clusters.actions.editing import logged_change
from clusters.actions.loading import preview
from clusters.models import Cluster, PublicDocument
from clusters.published import documents
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of
from clusters.records.validation import read_value
from interventions.actions import rounds
from interventions.models import CodingRound, Project
from tests import factories
from tests.beside import LONGEST, Beside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other():
    with Beside() as other:
        yield other


@pytest.fixture
def town():
    return factories.make_public(factories.make_cluster(slug="town", name="Old name"))


def rename(town):
    Cluster.objects.filter(pk=town.pk).update(name="New name")


def in_town(town):
    project = factories.make_project(slug="village")
    project.clusters.add(town)
    return factories.make_public(project)


def forget(project):
    """Take a project's document away, as if it had never been written."""
    PublicDocument.objects.filter(kind="project", root_id=project.pk).delete()
    documents.make_rows()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_rename_while_documents_are_written_is_not_lost(other, town, is_new):
    project = in_town(town)
    if is_new:
        forget(project)
    else:
        PublicDocument.objects.filter(kind="project").update(record="")

    with transaction.atomic():
        documents.refresh_stale()
        renamed = other.do(lambda: rename(town))
        assert not renamed.done()
    renamed.result(LONGEST)

    assert says(project) == "New name"
    documents.refresh_stale()
    assert says(project) == "New name"


@pytest.mark.parametrize("is_new", [True, False])
def test_a_rename_that_ends_after_documents_are_written_is_not_lost(other, town, is_new):
    """Whoever writes sees the old name, and whoever renames did not see the document."""
    project = in_town(town)
    if is_new:
        forget(project)

    with logged_change(town, by=None, reason="Renamed"):
        rename(town)
        for _ in range(3):
            other.do(documents.refresh_stale).result(LONGEST)

    assert says(project) == "New name"
    documents.refresh_stale()
    assert says(project) == "New name"
    assert not PublicDocument.objects.filter(record="").exists()


def says(project):
    """What the API calls the cluster of a project."""
    (answer,) = documents.read(Project, [project.pk]).values()
    return next(name for name in ("New name", "Old name") if name.encode() in answer.record)


@pytest.fixture
def folder(tmp_path, town):
    """Case files of the town and its project, loaded once."""
    for record in (town, in_town(town)):
        path = tmp_path / record_schema(type(record)).folder / f"{record.slug}.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(document_of(record)))
    load(tmp_path)
    return tmp_path


def test_files_that_are_loaded_undo_nothing_that_is_saved_at_the_same_time(other, folder, town):
    path = folder / "clusters" / "town.yaml"
    path.write_text(path.read_text().replace("Old name", "Name of the file"))

    with logged_change(town, by=None, reason="Renamed"):
        rename(town)
        loaded = other.do(lambda: load(folder))
        assert not loaded.done()

    assert list(loaded.result(LONGEST).kept) == ["clusters/town"]
    assert Cluster.objects.get().name == "New name"


def test_loading_and_publishing_never_wait_for_each_other(other, folder, town):
    """Whoever publishes has the lock of public acts and then the row; so has a load."""
    with transaction.atomic():
        factories.make_public(factories.make_project(slug="another"))
        loaded = other.do(lambda: load(folder))
        assert not loaded.done()
        with logged_change(town, by=None, reason="Renamed"):
            rename(town)

    assert loaded.result(LONGEST).unchanged == 2
    assert Cluster.objects.get().name == "New name"


def test_looking_at_files_lets_others_publish(other, town):
    editor = factories.make_user(role="editor")
    project = in_town(town)
    changed = document_of(project, public=True) | {"title": "New"}
    case_file, problems = read_value("village.yaml", changed, record_schema(Project))
    assert problems == []
    published = []

    def publish_another():
        return factories.make_public(factories.make_project(slug="another"))

    def while_it_looks():
        published.append(other.do(publish_another).result(LONGEST).state)

    plan = preview(files=[case_file], by=editor, heard=while_it_looks)

    assert (list(plan.changed), published) == (["projects/village"], ["published"])


def test_closing_a_round_waits_for_public_acts_before_it_holds_a_row(other, town):
    """Else it has a draft's row when it waits for the lock of somebody who waits for that row."""
    framework = factories.make_public(factories.make_framework())
    round = CodingRound.objects.create(name="First", framework=framework, state="comparing")
    round.projects.create(project=in_town(town))
    editor = factories.make_user(role="editor")

    with logged_change(town, by=None, reason="Renamed"):
        rename(town)
        closed = other.do(lambda: rounds.close(round=round, by=editor, reason="All agreed"))
        assert not closed.done()
        assert CodingRound.objects.select_for_update(nowait=True).get().state == "comparing"
        assert Project.objects.select_for_update(of=("self",), nowait=True).get()

    closed.result(LONGEST)
    assert CodingRound.objects.get().state == "closed"
