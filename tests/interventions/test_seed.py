"""The seed against a list of the paper's facts that was made apart from it, both ways."""

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

from clusters.models import (
    CitationUse,
    Event,
    Publication,
    Stakeholder,
    Statistic,
    StudySample,
)
from clusters.records.citation_cover import uncited
from clusters.records.schema import record_schemas
from clusters.records.serialization import document_of
from interventions.models import (
    Account,
    Coding,
    DonorGuideline,
    Factor,
    Funding,
    Participant,
    Project,
    ProjectLink,
)

pytestmark = pytest.mark.django_db

FACTS = Path(__file__).with_name("seed_facts.csv")
STUDY = "fayyaz-2017"


def facts(kind):
    with FACTS.open(newline="") as rows:
        return [row for row in csv.DictReader(rows) if row["kind"] == kind]


def places(record, field=""):
    """The places in the study that a record, or one field of it, cites."""
    uses = record.citations.filter(citation__publication__slug=STUDY)
    named = uses.filter(field=field) if field else uses
    return {use.citation.locator for use in (named if named.exists() else uses)}


def test_the_list_is_long_enough_to_mean_something(seeded):
    assert len(FACTS.read_text().splitlines()) > 200


def test_every_body_of_the_text_is_there_and_no_other(seeded):
    printed = {row["value"] for row in facts("stakeholder")}
    ours = {
        name
        for stakeholder in Stakeholder.objects.all()
        for name in (stakeholder.name, *stakeholder.aliases)
    }
    # Where the casebook had to find words of its own for what the text leaves unnamed.
    own_words = {row["value"] for row in facts("stakeholder-in-our-words")}

    assert printed - ours == set()
    assert ours - printed - own_words == set()


def test_bodies_are_cited_where_the_text_names_them(seeded):
    by_name = {
        name: stakeholder
        for stakeholder in Stakeholder.objects.all()
        for name in (stakeholder.name, *stakeholder.aliases)
    }
    for row in facts("stakeholder"):
        assert row["place"] in places(by_name[row["value"]]), row


def seed_numbers():
    """Every number of the seed with the places it is cited from."""
    found = []
    for figure in Statistic.objects.all():
        found += [(value, figure, "value") for value in (figure.value, figure.value_to) if value]
    found += [(sample.number, sample, "number") for sample in StudySample.objects.all()]
    study = Publication.objects.get(slug=STUDY)
    for name in ("interviews", "interview_minutes_least", "interview_minutes_most"):
        found.append((getattr(study, name), study, name))
    for work in Publication.objects.exclude(slug=STUDY).filter(interviews__isnull=False):
        found.append((work.interviews, work, "interviews"))
    for guideline in DonorGuideline.objects.all():
        found.append((guideline.minimum_months / Decimal(12), guideline, "minimum_months"))
        found.append((guideline.maximum_months / Decimal(12), guideline, "maximum_months"))
    found += [
        (funding.amount, funding, "amount") for funding in Funding.objects.exclude(amount=None)
    ]
    found += [
        (participant.number, participant, "number")
        for participant in Participant.objects.exclude(number=None)
    ]
    found += [
        (project.stated_months, project, "stated_months")
        for project in Project.objects.exclude(stated_months=None)
    ]
    return found


def test_every_number_of_the_text_stands_in_a_field_or_in_words(seeded):
    fields = seed_numbers()
    for row in facts("number"):
        stands = any(
            Decimal(value) == Decimal(row["value"]) and row["place"] in places(record, field)
            for value, record, field in fields
        )
        assert stands, row
    # These the seed says in words, beside the record they belong to.
    for row in facts("number-in-words"):
        assert is_said(row), row


def is_said(row):
    """Tell whether a record that cites the place says it in these words."""
    return any(row["words"] in text for text in texts_citing(row["place"]))


def texts_citing(place):
    """Every text of the records that cite a place."""
    for model in apps.get_models():
        if issubclass(model, CitationUse):
            for use in model.objects.filter(
                citation__publication__slug=STUDY, citation__locator=place
            ).select_related("target"):
                for column in use.target._meta.concrete_fields:
                    yield str(getattr(use.target, column.attname))


def test_no_number_is_there_that_the_text_does_not_give(seeded):
    given = {(Decimal(row["value"]), row["place"]) for row in facts("number")}
    for value, record, field in seed_numbers():
        cited = {(Decimal(value), place) for place in places(record, field)}
        assert cited & given, (value, record, field)


def seed_dates():
    """Every uncertain date of the seed that rests on the study, with its places."""
    for model, fields in (
        (Event, ["when"]),
        (Statistic, ["when"]),
        (Project, ["actual_start", "actual_end", "planned_start", "planned_end"]),
        (Funding, ["when"]),
        (DonorGuideline, ["valid"]),
        (Publication, ["study_when"]),
    ):
        for record in model.objects.all():
            for field in fields:
                if value := getattr(record, field):
                    yield str(value), places(record, field)


def test_every_date_of_the_text_is_there(seeded):
    ours = {(value, place) for value, cited in seed_dates() for place in cited}
    ours |= {
        (str(work.issued), place) for work in Publication.objects.all() for place in places(work)
    }
    halves = {(value.split("/")[0], place) for value, place in ours}
    for row in facts("date"):
        first, _, last = row["value"].partition("/")
        is_span_of_two = (first, row["place"]) in halves and (last, row["place"]) in ours
        assert (row["value"], row["place"]) in ours or is_span_of_two, row


def test_no_date_is_there_that_the_text_does_not_give(seeded):
    given = {(row["value"], row["place"]) for row in facts("date")}
    # A span is also the beginning and the end of a project.
    given |= {(part, place) for value, place in given for part in value.split("/")}
    for value, cited in seed_dates():
        assert {(value, place) for place in cited} & given, (value, cited)


def test_every_account_of_the_text_is_there_and_no_other(seeded):
    listed = {(row["value"], row["place"]) for row in facts("account")}
    ours = {
        (account.informant, place) for account in Account.objects.all() for place in places(account)
    }

    assert listed - ours == set()
    assert ours - listed == set()
    # Views on no project in particular stand in the texts of cluster, event or stakeholder.
    for row in facts("account-in-words"):
        assert is_said(row), row


def test_quotations_are_told_from_reports(seeded):
    quoted = {
        (row["value"], row["place"]) for row in facts("account") if "(quotation)" in row["about"]
    }
    ours = {
        (account.informant, place)
        for account in Account.objects.filter(reporting="quoted")
        for place in places(account)
    }

    assert ours == quoted


def test_the_reviews_arguments_and_factors_are_all_there(seeded):
    study = Publication.objects.get(slug=STUDY)
    reviewed = Counter(
        (work.cited_as, place)
        for review in study.summaries.all()
        for work in review.publications.all()
        for place in places(review)
    )
    assert reviewed == Counter((row["value"], row["place"]) for row in facts("literature-summary"))
    assert study.summaries.count() == 8
    incomplete = [review for review in study.summaries.all() if review.incomplete]
    assert [work.cited_as for review in incomplete for work in review.publications.all()] == [
        "Nadvi et al. (2011)"
    ]

    arguments = Factor.objects.filter(framework__slug="arguments-on-donor-funding")
    in_table = (
        (argument, place)
        for argument in arguments
        for place in places(argument)
        if "Table" in place
    )
    assert Counter((argument.polarity, place) for argument, place in in_table) == Counter(
        (row["value"], row["place"]) for row in facts("argument")
    )
    eight = Factor.objects.filter(framework__slug="donor-financed-csr-and-collective-action")
    assert Counter(factor.polarity for factor in eight) == Counter(
        row["value"] for row in facts("factor")
    )


def test_the_sample_is_seven_groups_and_twenty_five_people(seeded):
    numbers = list(StudySample.objects.order_by("sort_order").values_list("number", flat=True))

    assert numbers == [7, 3, 3, 3, 2, 4, 3]
    assert sum(numbers) == Publication.objects.get(slug=STUDY).interviews == 25


def test_soccer_village_hangs_on_three_projects_in_three_ways(seeded):
    links = ProjectLink.objects.filter(project__slug="soccer-village")

    assert sorted(links.values_list("type", "other__slug")) == [
        ("financed_by", "global-csr-project"),
        ("parent", "pakistan-cluster-programme"),
        ("supported_by", "india-parallel-project"),
    ]


def test_the_governments_money_is_the_programmes_and_not_soccer_villages(seeded):
    amounts = Funding.objects.exclude(amount=None).values_list(
        "project__slug", "amount", "currency"
    )

    assert list(amounts) == [("pakistan-cluster-programme", Decimal("211000.00"), "USD")]
    assert not Funding.objects.filter(project__slug="soccer-village", amount__isnull=False).exists()


def test_the_atlanta_agreement_carries_a_good_and_a_bad_outcome(seeded):
    outcomes = Project.objects.get(slug="atlanta-agreement").outcomes.all()
    found = {(outcome.dimension.slug, outcome.direction, outcome.intended) for outcome in outcomes}

    assert {("child-labour", "positive", "yes"), ("womens-work", "negative", "no")} <= found


def test_stakeholders_name_different_reasons_and_the_text_ranks_none(seeded):
    village = Account.objects.filter(project__slug="soccer-village")
    named = {
        (account.informant, account.factor.key)
        for account in village.filter(reason_for_ending="contributing")
    }
    assert not Account.objects.filter(reason_for_ending="main").exists()

    assert {
        ("network member", "brief-funding"),
        ("local nonprofit representative", "brief-funding"),
        ("representatives of the European IDA headquarters", "lack-of-commitment"),
        ("local project manager", "security"),
        ("international scholar", "timing-after-buyer-exit"),
    } <= named


def test_every_project_is_coded_against_the_eight_and_silence_names_what_was_read(seeded):
    for project in Project.objects.all():
        independent = Coding.objects.independent().filter(project=project)
        agreed = Coding.objects.agreed().filter(project=project)
        assert (independent.count(), agreed.count()) == (16, 8), project
        assert {coding.coder.slug for coding in independent} == {"coder-1", "coder-2"}
        assert {coding.resolution for coding in agreed} == {"consensus"}
        for coding in independent.filter(missing_reason="not_reported"):
            assert coding.citations.filter(stance="context").exists(), coding
    village = Coding.objects.agreed().filter(project__slug="soccer-village")
    assert village.filter(score__isnull=False).count() == 8


def test_two_coders_agree_on_most_and_settled_the_rest_by_consensus(seeded):
    codings = Coding.objects.independent().filter(round=1)
    said = defaultdict(set)
    for coding in codings:
        said[coding.project_id, coding.factor_id].add((coding.score, coding.missing_reason))

    assert (len(said), sum(len(values) == 1 for values in said.values())) == (80, 73)


def test_nobody_who_only_helped_is_made_a_financer(seeded):
    paying = set(
        Funding.objects.exclude(provider=None).values_list("provider__stakeholder__slug", flat=True)
    )
    assert paying & {"fifa", "wfsgi", "ilo", "ilo-ipec", "unicef"} == set()


def test_the_donor_stays_a_pseudonym_through_and_through(seeded):
    for stakeholder in Stakeholder.objects.filter(name__startswith="IDA"):
        assert stakeholder.is_pseudonym, stakeholder
        assert not stakeholder.identifiers.exists()


def test_everything_of_the_seed_is_public_and_cited(seeded):
    for shape in record_schemas().values():
        if shape.kind != "contributor":
            assert set(shape.model.objects.values_list("state", flat=True)) == {"published"}
            for record in shape.model.objects.all():
                assert uncited(document_of(record), shape) == [], record


def test_the_seed_is_written_in_its_canonical_form(seeded, tmp_path):
    call_command("dump_cases", tmp_path, verbosity=0)

    def texts(folder):
        return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.yaml")}

    assert texts(tmp_path) == texts(settings.CASES_SEED)


def test_loading_the_seed_again_changes_nothing(seeded):
    from clusters.actions.case_folders import load

    report = load(settings.CASES_SEED, publish_all=True)

    assert (report.created, report.changed, report.published) == ([], {}, 0)
