import pytest

from clusters.actions import publishing
from clusters.actions.editing import logged_change
from clusters.actions.publishing import withdraw
from clusters.models import PublicDocument, SearchEntry, SearchWord
from clusters.published import search
from clusters.published.search import grouped, matching, page_of, parts_of, rebuild, suggestions
from tests import factories
from tests.queue import work

pytestmark = pytest.mark.django_db


def titles(words):
    found, _ = matching(words)
    return [entry.title for entry in found]


def make(**fields):
    return factories.make_public(factories.make_cluster(**fields))


def test_a_word_in_the_title_outweighs_one_in_an_alias_and_one_in_the_text():
    factories.make_public(
        factories.make_stakeholder(name="Third", summary="Makes Footballs, they say")
    )
    factories.make_public(factories.make_stakeholder(name="Second", aliases=["The Football maker"]))
    factories.make_public(factories.make_stakeholder(name="Football first"))

    assert titles("footballs") == ["Football first", "Second", "Third"]


@pytest.mark.parametrize(
    "words",
    ["stitching", "STITCHED", "stitch", "stit", "café", "CAFE", "balls cafe", '"stitched at home"'],
)
def test_endings_case_accents_and_beginnings_do_not_matter(words):
    make(name="One", summary="Balls were stitched at home and in a Café")
    make(name="Two", summary="Something else entirely")

    assert titles(words) == ["One"]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("labor", "Child labour ended"),
        ("labour", "Child labor ended"),
        ("organisation", "An organization of firms"),
        ("organized", "They organised it"),
        ("center", "A training centre"),
        ("program", "Their programme"),
    ],
)
def test_both_spellings_of_english_are_found(asked, written):
    make(name="One", summary=written)
    make(name="Two", summary="Something else, size of a prize")

    assert titles(asked) == ["One"]


@pytest.mark.parametrize("words", ['"home at stitched"', "stitched nowhere", "''", "&", "!", "()"])
def test_words_out_of_order_missing_words_and_mere_signs_find_nothing(words):
    make(name="One", summary="Balls were stitched at home")

    assert titles(words) == []


def test_a_mistyped_word_is_replaced_by_the_public_word_most_like_it():
    make(name="Sialkot")
    factories.make_cluster(name="Silakort")  # a draft has no say

    found, corrected = matching("silakot")

    assert corrected == "sialkot"
    assert [entry.title for entry in found] == ["Sialkot"]


@pytest.mark.parametrize("typed", ["chlid", "chidl", "hcild", "childd"])
def test_letters_that_changed_places_are_forgiven(typed):
    make(name="Sialkot", summary="Child labour in stitching")

    assert titles(typed) == ["Sialkot"]


def test_curly_quotes_make_a_phrase_as_straight_ones_do():
    make(name="One", summary="Labour of a child")
    make(name="Two", summary="Child labour")

    assert titles("“child labour”") == titles('"child labour"') == ["Two"]


def test_what_no_word_is_like_is_not_corrected():
    make(name="Sialkot")

    assert matching("qqqqxxxx")[1] == ""


def test_the_index_follows_what_is_public():
    cluster = factories.make_cluster(name="Draft words")
    assert titles("draft") == []

    factories.make_public(cluster)
    assert titles("draft") == ["Draft words"]
    with logged_change(cluster, by=None, reason="Renamed"):
        cluster.name = "Public name"
        cluster.save()
    assert titles("draft") == []
    assert titles("public") == ["Public name"]
    withdraw(record=cluster, by=None, reason="Twice")
    assert titles("public") == []


def test_a_new_name_is_known_wherever_the_old_one_stood():
    stakeholder, group = factories.make_stakeholder(name="Oldname Agency"), factories.make_group()
    donor = factories.make_donor(stakeholder=stakeholder)
    factor, project = factories.make_factor(), factories.make_project()
    factories.make_account(project, factor=factor, stakeholder=stakeholder, stakeholder_group=group)
    factories.make_public(stakeholder, group, donor, factor.framework, project)
    assert len(titles("oldname")) == 3

    with logged_change(stakeholder, by=None, reason="Renamed"):
        stakeholder.name = "Newname Agency"
        stakeholder.save()

    assert titles("oldname") == []
    assert len(titles("newname")) == 3


def test_what_many_records_name_is_known_by_its_new_name_once_a_worker_has_been_there(monkeypatch):
    """Whoever renames it does not wait for thousands of records."""
    monkeypatch.setattr(publishing, "AT_ONCE", 2)
    cluster = make(name="Sialkot")
    projects = [factories.make_project(title=f"Project {number}") for number in range(3)]
    for project in projects:
        project.clusters.add(cluster)
        factories.make_public(project)

    with logged_change(cluster, by=None, reason="Renamed"):
        cluster.name = "Faisalabad"
        cluster.save()

    assert titles("faisalabad") == ["Faisalabad"]
    assert PublicDocument.objects.filter(needs_index=True).count() == 3
    work()
    assert sorted(titles("faisalabad")) == ["Faisalabad", "Project 0", "Project 1", "Project 2"]
    assert titles("sialkot") == []


def test_one_kind_without_a_result_says_so(client):
    make(name="Leather")

    assert "0 results." in client.get("/search/?q=leather&kind=projects").content.decode()


def test_words_are_forgotten_with_the_last_record_that_uses_them():
    first, second = make(name="Tannery"), make(name="Tannery")
    assert SearchWord.objects.get(word="tannery").records == 2

    withdraw(record=first, by=None, reason="Twice")
    assert SearchWord.objects.get(word="tannery").records == 1
    withdraw(record=second, by=None, reason="Twice")
    assert not SearchWord.objects.filter(word="tannery").exists()


def test_private_notes_are_not_indexed():
    paper = factories.make_public(factories.make_publication())
    stakeholder = factories.make_stakeholder(
        is_pseudonym=True, pseudonym_source=paper, pseudonym_note="Secret words of the editors"
    )
    factories.make_public(stakeholder)

    assert SearchEntry.objects.exists()
    assert titles("secret") == []


def test_parts_with_an_address_of_their_own_are_found_by_themselves():
    cluster = factories.make_cluster(name="Place")
    factories.make_event(cluster, key="fire", title="A fire", description="It burned down")
    factories.make_public(cluster)

    found, _ = matching("burned")

    assert [(entry.kind, entry.title, entry.context, entry.url) for entry in found] == [
        ("events", "A fire", "Place", f"/clusters/{cluster.slug}/#event-fire")
    ]


def test_results_stand_in_groups_with_their_numbers():
    for number in range(7):
        make(name=f"Leather {number}")
    factories.make_public(factories.make_stakeholder(name="Leather firm"))

    found = grouped("leather", ["stakeholders", "clusters"])

    assert [(group.kind, group.count, len(group.entries)) for group in found.groups] == [
        ("stakeholders", 1, 1),
        ("clusters", 7, 5),
    ]
    assert found.count == 8


@pytest.mark.parametrize("count", [1, 3])
def test_a_search_costs_the_same_for_one_result_and_for_three(
    client, count, django_assert_num_queries
):
    for number in range(count):
        make(name=f"Leather {number}")

    with django_assert_num_queries(4):
        page = client.get("/search/?q=leather").content.decode()

    assert page.count("<mark>Leather</mark>") == count


def test_of_too_many_those_called_so_are_ranked_whenever_they_came(monkeypatch):
    monkeypatch.setattr(search, "MOST_RANKED", 2)
    for number in range(5):
        make(name=f"Place {number}", summary="A tannery stands here")
    make(name="Tannery town")

    few, many = page_of("town", size=10), page_of("tannery", size=10)

    assert many.hits[0].title == "Tannery town"
    assert len(many.hits) == 4
    assert (many.count, many.is_exact) == (2, False)
    assert ([hit.title for hit in few.hits], few.count, few.is_exact) == (
        ["Tannery town"],
        1,
        True,
    )


def test_a_page_of_results_marks_the_hits_and_escapes_the_rest(client):
    make(name="A <b>bold</b> cluster", summary="Its <script>alert(1)</script> footballs are known")

    page = client.get("/search/?q=football").content.decode()

    assert "<mark>footballs</mark>" in page
    assert "<script>alert" not in page
    assert "<b>bold" not in page


def test_suggestions_come_from_titles_and_names_only():
    make(name="Sialkot", summary="Nothing about Siam")
    make(name="Jalandhar", summary="Sister of Sialkot")

    assert [entry.title for entry in suggestions("sia")] == ["Sialkot"]


def test_rebuilding_changes_nothing():
    cluster = factories.make_cluster(name="Place", summary="Some words")
    factories.make_event(cluster)
    factories.make_public(cluster)
    rows = lambda: (  # noqa: E731
        sorted(SearchEntry.objects.values_list("kind", "title", "names", "text", "url")),
        sorted(SearchWord.objects.values_list("word", "records")),
    )
    before = rows()

    rebuild()

    assert rows() == before


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("one two", [("one", False), ("two", False)]),
        ('"a phrase" word', [("a phrase", True), ("word", False)]),
        ('"never closed', [("never closed", True)]),
        ("- & !", []),
    ],
)
def test_a_query_is_split_into_words_and_phrases(words, parts):
    assert parts_of(words) == parts
