from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clusters.actions.case_folders import load
from clusters.actions.publishing import withdraw
from clusters.models import Change, Cluster, Import, Publication, Stakeholder, Statistic
from clusters.records.validation import CaseFilesRefused
from interventions.models import Project

pytestmark = pytest.mark.django_db

PAPER = """\
slug: paper
cited_as: Khan (2004)
citations:
  - {publication: paper, front_matter: First page}
"""
CLUSTER = """\
slug: kasur
name: Kasur
country: PK
industry: Leather tanning
summary: Tanneries.
citations:
  - {publication: paper, section: 'Introduction, para 1'}
statistics:
  - key: firms
    indicator: firms
    value: 200
    qualifier: about
    when: {edtf: '2004', printed: in 2004}
    citations:
      - {publication: paper, table: 'Table 1, row 2'}
"""


@pytest.fixture
def folder(tmp_path):
    """A small case: one publication and one cluster that cites it."""
    write(tmp_path, "publications/paper.yaml", PAPER)
    write(tmp_path, "clusters/kasur.yaml", CLUSTER)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def problems(folder: Path) -> list[str]:
    with pytest.raises(CaseFilesRefused) as refused:
        load(folder)
    return [str(problem) for problem in refused.value.problems]


def test_a_folder_becomes_records_with_parts_dates_and_citations(folder):
    report = load(folder)

    figure = Statistic.objects.get()
    assert report.created == ["publications/paper", "clusters/kasur"]
    assert (figure.cluster.slug, figure.value, figure.when, figure.when_printed) == (
        "kasur",
        200,
        "2004",
        "in 2004",
    )
    assert [str(use) for use in figure.citations.all()] == ["Khan (2004), Table 1, row 2"]
    assert figure.cluster.state == "draft"


def test_loading_twice_is_loading_once(folder):
    load(folder, publish_all=True)
    before = (Change.objects.count(), Import.objects.count(), Cluster.objects.get().version)

    report = load(folder, publish_all=True)

    assert (report.created, report.changed, report.unchanged) == ([], {}, 2)
    assert before == (Change.objects.count(), Import.objects.count(), Cluster.objects.get().version)


def test_a_dry_run_shows_the_difference_and_changes_nothing(folder):
    load(folder)
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("value: 200", "value: 250"))

    report = load(folder, dry_run=True)

    assert [str(found) for found in report.changed["clusters/kasur"]] == [
        "statistics.firms.value: 200 → 250"
    ]
    assert Statistic.objects.get().value == 200


def test_what_a_file_leaves_out_since_the_last_import_is_removed(folder):
    load(folder)
    write(folder, "clusters/kasur.yaml", CLUSTER[: CLUSTER.index("statistics")])

    load(folder)

    assert Statistic.objects.count() == 0


def test_a_value_that_a_person_edited_stays_unless_forced(folder):
    load(folder)
    Cluster.objects.update(summary="Edited by hand.")
    write(
        folder,
        "clusters/kasur.yaml",
        CLUSTER.replace("Tanneries.", "New.").replace("value: 200", "value: 250"),
    )

    report = load(folder)

    cluster = Cluster.objects.get()
    assert cluster.summary == "Edited by hand."
    assert cluster.statistics.get().value == 250
    assert [kept.where for kept in report.kept["clusters/kasur"]] == [("summary",)]

    # It is said again as long as file and database differ, and nothing else happens.
    imports = Import.objects.count()
    assert load(folder).kept == report.kept
    assert Import.objects.count() == imports

    load(folder, force=True)
    assert Cluster.objects.get().summary == "New."


def test_a_change_to_something_published_is_logged_with_before_and_after(folder):
    load(folder, publish_all=True)
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("Tanneries.", "New."))

    load(folder, reason="Second reading")

    change = Change.objects.first()
    assert (change.action, change.reason) == ("changed", "Second reading")
    assert (change.before["summary"], change.after["summary"]) == ("Tanneries.", "New.")


def test_a_renamed_record_is_refused_at_the_line_of_its_file(folder):
    load(folder, publish_all=True)
    cluster = Cluster.objects.get()
    cluster.slug = "kasur-city"
    cluster.save()
    cited = "Table 1, row 2'}"
    write(folder, "clusters/kasur.yaml", CLUSTER.replace(cited, "x', for: value}"))

    with pytest.raises(CaseFilesRefused) as refused:
        load(folder, force=True)

    assert "clusters/kasur.yaml:10: statistics.firms.indicator: Not published." in str(
        refused.value
    )


def test_publishing_is_refused_whole_where_a_value_is_not_cited(folder):
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("Table 1, row 2'}", "x', for: value}"))

    with pytest.raises(CaseFilesRefused) as refused:
        load(folder, publish_all=True)

    assert str(refused.value).splitlines() == [
        "clusters/kasur.yaml:10: statistics.firms.indicator: Not published. This has no citation.",
        "clusters/kasur.yaml:12: statistics.firms.qualifier: Not published. This has no citation.",
        "clusters/kasur.yaml:13: statistics.firms.when: Not published. This has no citation.",
    ]
    assert Cluster.objects.count() == 0


BROKEN = {
    "no YAML": (
        "slug: [kasur\n",
        "clusters/kasur.yaml:2: This is not YAML: did not find expected ',' or ']'.",
    ),
    "not UTF-8": (b"slug: kasur\nname: \xff\n", "clusters/kasur.yaml:2: The text is not UTF-8."),
    "unknown field": (
        CLUSTER.replace("summary:", "sumary:"),
        "clusters/kasur.yaml:5: sumary: There is no such field. Known: slug, language, name,",
    ),
    "missing field": (
        CLUSTER.replace("name: Kasur\n", ""),
        "clusters/kasur.yaml:1: name: This is required.",
    ),
    "name twice": (
        CLUSTER.replace("country: PK", "name: Kasoor\ncountry: PK"),
        "clusters/kasur.yaml:3: name: This name stands here twice.",
    ),
    "not a number": (
        CLUSTER.replace("value: 200", "value: many"),
        "clusters/kasur.yaml:11: statistics.firms.value: “many” is not a number. Write digits only, "
        "with a point before decimals, such as 1250 or 2.5.",
    ),
    "not a choice": (
        CLUSTER.replace("qualifier: about", "qualifier: roughly"),
        "clusters/kasur.yaml:12: statistics.firms.qualifier: “roughly” is not one of: exact, about,",
    ),
    "not a date": (
        CLUSTER.replace("edtf: '2004'", "edtf: some day"),
        "clusters/kasur.yaml:13: statistics.firms.when: “some day” is not a date that can be read.",
    ),
    "no such publication": (
        CLUSTER.replace("publication: paper, table", "publication: other, table"),
        "clusters/kasur.yaml:15: statistics.firms.citations: other is not known (publication): add",
    ),
    "no locator": (
        CLUSTER.replace(
            "{publication: paper, section: 'Introduction, para 1'}", "{publication: paper}"
        ),
        "clusters/kasur.yaml:7: citations: A citation names one place, as one of: section, page,",
    ),
    "citation for no field": (
        CLUSTER.replace("para 1'}", "para 1', for: nothing}"),
        "clusters/kasur.yaml:7: citations: There is no field nothing to cite for.",
    ),
    "a field left out that there is not": (
        CLUSTER.replace("para 1'}", "para 1', not_for: [nothing]}"),
        "clusters/kasur.yaml:7: citations: There is no field nothing to leave out (not_for).",
    ),
    "a field left out of a citation for one": (
        CLUSTER.replace("para 1'}", "para 1', for: name, not_for: [country]}"),
        "clusters/kasur.yaml:7: citations: A citation for one field leaves no others out (not_for).",
    ),
    "a rule of the model": (
        CLUSTER.replace("qualifier: about", "qualifier: claimed"),
        "clusters/kasur.yaml:9: statistics.firms.claimed_by: A claimed figure needs whoever claims it.",
    ),
    "another slug than the file's": (
        CLUSTER.replace("slug: kasur", "slug: lahore"),
        "clusters/kasur.yaml:1: slug: The file is called kasur.yaml: name it ",
    ),
    "a slug that is none": (
        CLUSTER.replace("slug: kasur", "slug: Kasur City"),
        "clusters/kasur.yaml:1: slug: The file is called kasur.yaml: name it ",
    ),
    "a number beyond the column": (
        CLUSTER.replace("value: 200", "value: 99999999999999999999"),
        "clusters/kasur.yaml:11: statistics.firms.value: Ensure that there are no more than 18 digits",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_file_line_and_field(folder, case):
    text, expected = BROKEN[case]
    path = folder / "clusters" / "kasur.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    found = problems(folder)

    assert len(found) == 1
    assert found[0].startswith(expected)
    assert Publication.objects.count() == 0


def test_every_problem_of_every_file_is_told_at_once(folder):
    write(
        folder,
        "clusters/kasur.yaml",
        CLUSTER.replace("value: 200", "value: many").replace("PK", "Pakistn"),
    )
    write(folder, "publications/paper.yaml", PAPER.replace("cited_as", "cited"))

    assert [found.split(":")[0] for found in problems(folder)] == [
        "clusters/kasur.yaml",
        "clusters/kasur.yaml",
        "publications/paper.yaml",
    ]


def test_mistakes_of_every_kind_are_told_in_one_round(folder):
    text = CLUSTER.replace("summary:", "sumary:").replace("value: 200", "value: many")
    text = text.replace("edtf: '2004'", "edtf: some day").replace("paper, table", "other, table")
    write(folder, "clusters/kasur.yaml", text)
    project = "slug: tannery\ntitle: Tannery\nclusters: [kasur]\nfunding:\n"
    project += "  - {key: a, provider: nobody}\n  - {key: b, amount: 1, currency: Rupees}\n"
    write(folder, "projects/tannery.yaml", project)

    assert problems(folder) == [
        "clusters/kasur.yaml:5: sumary: There is no such field. Known: "
        + problems(folder)[0].split("Known: ")[1],
        "clusters/kasur.yaml:11: statistics.firms.value: “many” is not a number. Write digits only, "
        "with a point before decimals, such as 1250 or 2.5.",
        problems(folder)[2],
        "clusters/kasur.yaml:15: statistics.firms.citations: other is not known (publication): "
        "add publications/other.yaml, or correct the name.",
        "projects/tannery.yaml:5: funding.a.provider: nobody is not known (donor): "
        "add donors/nobody.yaml, or correct the name.",
        "projects/tannery.yaml:6: funding.b.currency: Unknown currency “Rupees”. Did you mean "
        "Indian Rupee (INR) or Mauritius Rupee (MUR) or Nepalese Rupee (NPR) or Pakistan Rupee (PKR) "
        "or Seychelles Rupee (SCR) or Sri Lanka Rupee (LKR)? Use three letters of ISO 4217, such as "
        "USD.",
        "projects/tannery.yaml:6: funding.b.provider: Name one provider: a donor or a project.",
    ]
    assert problems(folder)[2].startswith(
        "clusters/kasur.yaml:13: statistics.firms.when: “some day” is not a date that can be read."
    )


def test_a_folder_of_no_known_kind_is_refused(folder):
    write(folder, "castles/one.yaml", "slug: one\n")

    assert problems(folder)[0].startswith("castles: No kind of record is called so. Known: ")


def test_parts_are_saved_after_what_they_are_part_of(folder):
    write(folder, "stakeholders/a-office.yaml", "slug: a-office\nname: Office\npart_of: z-agency\n")
    write(folder, "stakeholders/z-agency.yaml", "slug: z-agency\nname: Agency\n")

    load(folder)

    assert Stakeholder.objects.get(slug="a-office").part_of.slug == "z-agency"


def test_two_bodies_that_are_part_of_each_other_are_refused(folder):
    write(folder, "stakeholders/one.yaml", "slug: one\nname: One\npart_of: two\n")
    write(folder, "stakeholders/two.yaml", "slug: two\nname: Two\npart_of: one\n")

    assert "stakeholders/one.yaml:1: This record is a part of itself." in problems(folder)


def test_the_command_says_what_it_did_and_refuses_in_words(folder):
    out = StringIO()
    call_command("load_cases", folder, stdout=out)
    assert out.getvalue() == "2 records created, 0 changed, 0 unchanged, 0 published.\n"

    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_cases", folder / "nowhere")


def test_a_dump_gives_the_canonical_files_back(folder, tmp_path_factory):
    load(folder)
    dump = tmp_path_factory.mktemp("dumps") / "first"

    call_command("dump_cases", dump, verbosity=0)

    found = {str(path.relative_to(dump)): path.read_text() for path in dump.rglob("*.yaml")}
    assert found == {"clusters/kasur.yaml": CLUSTER, "publications/paper.yaml": PAPER}


def test_what_was_changed_after_it_was_cited_comes_back_as_it_was(folder, tmp_path_factory):
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("para 1'}", "para 1', not_for: [name]}"))

    load(folder, publish_all=True)
    dump = tmp_path_factory.mktemp("dumps") / "first"
    call_command("dump_cases", dump, verbosity=0)

    assert Cluster.objects.get().is_published
    assert Cluster.objects.get().citations.get().not_for == ["name"]
    assert "not_for: [name]}" in (dump / "clusters" / "kasur.yaml").read_text()


def test_a_dump_never_writes_into_a_folder_that_holds_something(folder):
    with pytest.raises(CommandError, match="is not empty"):
        call_command("dump_cases", folder)


def test_project_links_may_point_both_ways(folder):
    link = "links:\n  - key: other\n    type: related\n    other: {}\n"
    write(folder, "projects/one.yaml", "slug: one\ntitle: One\n" + link.format("two"))
    write(folder, "projects/two.yaml", "slug: two\ntitle: Two\n" + link.format("one"))

    load(folder)

    assert Project.objects.get(slug="one").links.get().other.slug == "two"


def test_what_keeps_the_folder_from_being_public_is_told_with_its_line(folder):
    text = CLUSTER.replace(
        "    citations:\n      - {publication: paper, table: 'Table 1, row 2'}\n", ""
    )
    write(folder, "clusters/kasur.yaml", text)
    write(folder, "publications/paper.yaml", PAPER)

    with pytest.raises(CaseFilesRefused) as refused:
        load(folder, publish_all=True)

    places = {(problem.file, problem.field) for problem in refused.value.problems}
    assert ("clusters/kasur.yaml", "statistics.firms.value") in places
    assert all(problem.message.startswith("Not published.") for problem in refused.value.problems)


def test_names_of_authors_stay_the_texts_that_they_are(folder):
    names = "authors: [{family: No, given: 007}, {literal: 2001-01-01}]"
    write(folder, "publications/paper.yaml", f"slug: paper\ntitle: A paper\n{names}\n")
    load(folder)

    authors = Publication.objects.get(slug="paper").authors
    assert authors == [{"family": "No", "given": "007"}, {"literal": "2001-01-01"}]


def test_a_record_that_was_renamed_since_is_found_under_its_old_slug(folder):
    load(folder)
    Cluster.objects.update(slug="kasur-city")
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("Tanneries.", "New."))

    load(folder)

    assert list(Cluster.objects.values_list("slug", "summary")) == [("kasur-city", "New.")]


def test_a_record_that_was_removed_since_stays_removed(folder):
    load(folder)
    Cluster.objects.all().delete()

    report = load(folder)

    assert Cluster.objects.count() == 0
    assert list(report.kept) == ["clusters/kasur"]


def test_a_record_that_was_withdrawn_since_stays_as_it_is(folder, capsys):
    load(folder, publish_all=True)
    withdraw(record=Cluster.objects.get(), by=None, reason="Wrong place")
    write(folder, "clusters/kasur.yaml", CLUSTER.replace("Tanneries.", "New."))

    call_command("load_cases", str(folder), "--publish", "--force")

    assert list(Cluster.objects.values_list("state", "summary")) == [("withdrawn", "Tanneries.")]
    assert "clusters/kasur: deleted or withdrawn, left so" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("authors: " + "[" * 10_000, "Values are nested more than 20 levels deep."),
        ("authors: &a [*a]", "References to other values (*name) are not read."),
        ("authors:\n" + "- x\n" * 200_001, "The file has more than 200,000 values."),
        ("issued: " + "x" * 25_000, "A date has at most 120 characters."),
        ("authors: [2001-99-99]", "Write names as"),
    ],
)
def test_a_hostile_file_is_refused_before_it_is_unfolded(folder, text, words):
    write(folder, "publications/paper.yaml", f"slug: paper\n{text}\n")

    assert [words in problem for problem in problems(folder)][-1:] == [True]
