"""What the desk looks up while one types: records, places, dates."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(client):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    return user


def found(client, model, term="", app="clusters"):
    query = {"app_label": app, "model_name": model, "term": term}
    return client.get("/admin/desk/references/", query).json()["results"]


def test_records_are_offered_by_name_the_public_ones_and_ones_own(client, author):
    factories.make_public(factories.make_cluster(slug="sialkot", name="Sialkot"))
    factories.make_cluster(slug="mine", name="Sialkot too", entered_by=author)
    factories.make_cluster(slug="theirs", name="Sialkot of others")
    factories.make_public(factories.make_cluster(slug="kasur", name="Kasur"))

    assert [(choice["id"], choice["text"]) for choice in found(client, "cluster", "sialkot")] == [
        ("sialkot", "Sialkot"),
        ("mine", "Sialkot too (draft)"),
    ]


def test_parts_are_offered_with_their_record_and_what_they_mean(client, author):
    framework = factories.make_framework(slug="frame", name="Frame")
    factories.make_factor(framework, key="early", name="Early exit", definition="Ended before.")
    factories.make_public(framework)
    hidden = factories.make_framework()
    factories.make_factor(hidden, name="Early too")

    assert found(client, "factor", "early", "interventions") == [
        {"id": "frame/early", "text": "Early exit — Frame", "definition": "Ended before."}
    ]


def test_many_come_a_page_at_a_time(client, author):
    factories.make_public(
        *[factories.make_cluster(name=f"Town {number:02}") for number in range(25)]
    )

    first = client.get(
        "/admin/desk/references/", {"app_label": "clusters", "model_name": "cluster"}
    ).json()
    second = client.get(
        "/admin/desk/references/",
        {"app_label": "clusters", "model_name": "cluster", "page": "2"},
    ).json()

    assert (len(first["results"]), first["pagination"]) == (20, {"more": True})
    assert (len(second["results"]), second["pagination"]) == (5, {"more": False})
    assert not {choice["id"] for choice in first["results"]} & {
        choice["id"] for choice in second["results"]
    }


def test_a_publication_is_found_by_an_author_even_without_its_short_form(client, author):
    factories.make_publication(
        slug="khan", title="Stitches", authors=[{"family": "Khan"}], entered_by=author
    )
    factories.make_publication(slug="other", title="Other", entered_by=author)

    assert [choice["id"] for choice in found(client, "publication", "khan")] == ["khan"]


def test_who_codes_is_named_to_those_at_the_desk(client, author):
    factories.make_coder(slug="coder-1", name="Ann Open", consents_to_be_named=True)
    factories.make_coder(slug="coder-2", name="Bea Hidden")
    factories.make_coder(slug="coder-3", name="Own Name", user=author)

    assert [choice["text"] for choice in found(client, "contributor")] == [
        "Ann Open",
        "coder-2 (Bea Hidden)",
        "coder-3 (you)",
    ]
    assert [choice["id"] for choice in found(client, "contributor", "hidden")] == ["coder-2"]


@pytest.mark.parametrize(
    ("app", "model"), [("auth", "group"), ("clusters", "castle"), ("", ""), ("clusters", "tally")]
)
def test_only_what_the_desk_has_is_looked_up(client, author, app, model):
    query = {"app_label": app, "model_name": model}

    assert client.get("/admin/desk/references/", query).status_code == 404


@pytest.mark.parametrize("model", ["user", "apitoken", "proposal"])
def test_people_and_their_tokens_are_not_looked_up(client, author, model):
    query = {"app_label": "clusters", "model_name": model}

    assert client.get("/admin/desk/references/", query).status_code == 404


def test_known_places_hold_every_word(client, author):
    paper = factories.make_public(factories.make_publication(cited_as="Khan (2004)"))
    for locator in ("Table 2, Buyers", "Case Description, para 1"):
        factories.make_place(paper, locator)
    hidden = factories.make_publication(cited_as="Khan (2007)")
    factories.make_place(hidden, "Table 2, Workers")

    places = client.get("/admin/desk/places/", {"term": "khan table"}).json()["results"]

    assert [(place["publication"], place["locator"]) for place in places] == [
        (paper.slug, "Table 2, Buyers")
    ]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("fayyaz conclusion 2", "Conclusions, para 2"),
        ("fayyaz, table 1", "Table 1"),
        ("fayyaz (2017) table 1", "Table 1"),
    ],
)
def test_the_place_that_is_most_like_what_was_typed_stands_first(client, author, typed, first):
    paper = factories.make_public(factories.make_publication(cited_as="Fayyaz et al. (2017)"))
    for locator in ("Conclusions, para 1", "Conclusions, para 2", "Table 1", "Table 11"):
        factories.make_place(paper, locator)
    other = factories.make_public(factories.make_publication(cited_as="Browne (2006)"))
    factories.make_place(other, "as cited in Fayyaz et al. (2017), Table 1, row 4")

    places = client.get("/admin/desk/places/", {"term": typed}).json()["results"]

    assert (places[0]["publication"], places[0]["locator"]) == (paper.slug, first)


@pytest.mark.parametrize(
    ("text", "edtf", "words", "earliest", "latest"),
    [
        ("late 2006", "[2006-09..2006-12]", "late 2006", "2006-09-01", "2006-12-31"),
        ("2008", "2008", "2008", "2008-01-01", "2008-12-31"),
        ("since 1998", "1998/..", "from 1998", "1998-01-01", ""),
    ],
)
def test_a_date_is_read_as_it_will_be_kept(client, author, text, edtf, words, earliest, latest):
    answer = client.get("/admin/desk/reading/", {"text": text}).json()

    assert answer == {
        "edtf": edtf,
        "words": words,
        "earliest": earliest,
        "latest": latest,
        "problem": "",
    }


def test_what_is_no_date_says_so(client, author):
    answer = client.get("/admin/desk/reading/", {"text": "some day"}).json()

    assert "is not a date that can be read" in answer["problem"]


@pytest.mark.parametrize("name", ["references", "places", "reading"])
def test_readers_look_nothing_up(client, name):
    client.force_login(factories.make_user(role="reader"))
    assert client.get(f"/admin/desk/{name}/").status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_django_forms_offer_parts_in_as_many_queries(
    client, author, django_assert_num_queries, count
):
    for _number in range(count):
        factories.make_factor(factories.make_framework(entered_by=author))
    query = {"app_label": "interventions", "model_name": "coding", "field_name": "factor"}

    with django_assert_num_queries(6):
        answer = client.get("/admin/autocomplete/", query)
    assert len(answer.json()["results"]) == count
