"""What there is to read of a round: its subjects, who answered what, and how far they agree."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.functional import Promise

from clusters.models import Contributor, User
from clusters.records.serialization import Document
from interventions.analysis.rounds import Unit
from interventions.models import (
    SCORES,
    CodingRound,
    Factor,
    MissingReason,
    OutcomeDimension,
    Project,
    Resolution,
    RoundCoder,
    RoundCoding,
    RoundComment,
)

# What one may answer, by the code that stands for it: four scores, two reasons for none.
ANSWERS: dict[str, str | Promise] = {
    **{f"{score.normalize():f}": label for score, label in SCORES.items()},
    **{str(code): label for code, label in MissingReason.choices},
}


# Lines of an answer that name no place, kept as they were typed until they do.
UNREAD = "unread"


@dataclass(frozen=True)
class Subject:
    """What is coded: a factor or an outcome dimension. `key` stands for it in forms."""

    key: str
    thing: Factor | OutcomeDimension

    @property
    def fields(self) -> dict[str, Any]:
        """The values of a row of this subject in its columns `factor` and `dimension`."""
        is_factor = isinstance(self.thing, Factor)
        return {
            "factor": self.thing if is_factor else None,
            "dimension": None if is_factor else self.thing,
        }

    @property
    def group(self) -> str:
        """The head under which a list of subjects has it."""
        if isinstance(self.thing, Factor):
            return str(self.thing.get_polarity_display() or self.thing.category)
        return str(OutcomeDimension._meta.verbose_name_plural).capitalize()

    def __str__(self) -> str:
        return str(self.thing)


def subject_key(row: RoundCoding | RoundComment) -> str:
    """Return the key of the subject that a row is of."""
    return f"f{row.factor_id}" if row.factor_id else f"d{row.dimension_id}"


def code_of(document: Document) -> str:
    """Return the code of an answer: 0.33, not_reported; empty where there is none."""
    if "score" in document:
        return f"{Decimal(str(document['score'])).normalize():f}"
    return str(document.get("missing_reason", ""))


@dataclass(eq=False)
class Cell:
    """One subject in one project: what each coder has made of it, and all of them together."""

    project: Project
    subject: Subject
    answers: dict[int, RoundCoding] = field(default_factory=dict)
    agreed: RoundCoding | None = None
    comments: list[RoundComment] = field(default_factory=list)
    # Those of the coders who have not confirmed the consensus yet.
    unconfirmed: list[Contributor] = field(default_factory=list)

    @property
    def codes(self) -> dict[int, str]:
        return {coder: code_of(answer.document) for coder, answer in self.answers.items()}

    @property
    def is_same(self) -> bool:
        """Whether everybody who answered says the same."""
        return len(set(self.codes.values())) == 1

    @property
    def needs_agreement(self) -> bool:
        """Whether several have answered and nothing is settled; one alone needs nobody's."""
        return len(self.answers) > 1 and not self.is_settled

    @property
    def is_settled(self) -> bool:
        """Whether it is adjudicated, or a consensus of everybody whose codings count."""
        return self.agreed is not None and not self.unconfirmed


class RoundSnapshot:
    """A round with everything in it, in a fixed number of queries."""

    def __init__(self, round: CodingRound) -> None:
        self.row = round

    @cached_property
    def everybody(self) -> list[RoundCoder]:
        """Everybody who codes or once did, in their order, each with the contributor."""
        return list(self.row.coders.select_related("coder", "user"))

    @property
    def coders(self) -> list[RoundCoder]:
        """Those who code, or had handed in when they were left out."""
        return [row for row in self.everybody if row.left_at is None or row.handed_in_at]

    @property
    def may_agree(self) -> bool:
        """Whether all whose codings count, and more than one, can say that they agree."""
        return len(self.active) == len(self.contributors) > 1

    @property
    def active(self) -> list[Contributor]:
        """Those whose word a consensus needs."""
        return [row.coder for row in self.coders if row.left_at is None]

    @property
    def left(self) -> list[RoundCoder]:
        """Those who were left out, with the reason."""
        return [row for row in self.everybody if row.left_at is not None]

    @cached_property
    def contributors(self) -> list[Contributor]:
        return [row.coder for row in self.coders]

    @cached_property
    def projects(self) -> list[Project]:
        return [row.project for row in self.row.projects.select_related("project")]

    @cached_property
    def subjects(self) -> list[Subject]:
        factors: Iterable[Factor] = ()
        if self.row.framework_id:
            factors = Factor.objects.filter(framework=self.row.framework_id).select_related(
                "framework"
            )
        dimensions = [row.dimension for row in self.row.dimensions.select_related("dimension")]
        return [Subject(f"f{factor.pk}", factor) for factor in factors] + [
            Subject(f"d{dimension.pk}", dimension) for dimension in dimensions
        ]

    @cached_property
    def codings(self) -> list[RoundCoding]:
        counted = Q(coder=None) | Q(coder__in=[contributor.pk for contributor in self.contributors])
        rows = self.row.codings.filter(counted).select_related("coder")
        return list(rows.prefetch_related("confirmations"))

    @cached_property
    def cells(self) -> dict[tuple[int, str], Cell]:
        """Every subject in every project, in their order, by project and key of the subject."""
        found = {
            (project.pk, subject.key): Cell(project, subject)
            for project in self.projects
            for subject in self.subjects
        }
        for coding in self.codings:
            cell = found.get((coding.project_id, subject_key(coding)))
            if cell is None:
                continue
            if coding.coder_id is None:
                cell.agreed = coding
                if coding.resolution == Resolution.CONSENSUS:
                    given = {confirmation.coder_id for confirmation in coding.confirmations.all()}
                    cell.unconfirmed = [
                        contributor
                        for contributor in self.contributors
                        if contributor.pk not in given
                    ]
            else:
                cell.answers[coding.coder_id] = coding
        for comment in self.row.comments.select_related("by"):
            if cell := found.get((comment.project_id, subject_key(comment))):
                cell.comments.append(comment)
        return found

    def cells_of(self, project: Project) -> list[Cell]:
        """Return every subject in one project, in their order."""
        return [self.cells[project.pk, subject.key] for subject in self.subjects]

    def subject(self, key: str) -> Subject | None:
        return next((subject for subject in self.subjects if subject.key == key), None)

    def project(self, slug: str) -> Project | None:
        return next((project for project in self.projects if project.slug == slug), None)

    def coder_of(self, user: User | AnonymousUser) -> RoundCoder | None:
        """Return somebody's row among the coders who were not left out, or None."""
        return next(
            (row for row in self.coders if row.user_id == user.pk and row.left_at is None), None
        )

    def sheet(self, coder: Contributor, project: Project) -> dict[str, Document]:
        """Return what a coder has made of one project, by the keys of the subjects."""
        return {
            subject_key(coding): coding.document
            for coding in self.codings
            if coding.coder_id == coder.pk and coding.project_id == project.pk
        }

    def units(self) -> list[Unit]:
        """Return what the coders answered, unit by unit, for the figures of their agreement."""
        return [
            Unit(
                cell.project.slug,
                cell.subject.key,
                tuple(cell.codes.get(contributor.pk) or None for contributor in self.contributors),
            )
            for cell in self.cells.values()
        ]
