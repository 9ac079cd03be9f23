"""Case files as a zip file: unpacked with care, and packed."""

import io
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from clusters.formats.yaml_files import MAX_FILE_BYTES, read_folder, text_of
from clusters.records.schema import RecordSchema, record_schemas
from clusters.records.serialization import Document
from clusters.records.validation import CaseFile, CaseFilesRefused, Problem, together

# A zip with every case of a large casebook; what it may become unpacked, and of how many files.
LARGEST, LARGEST_UNPACKED, MOST_FILES = 5_000_000, 50_000_000, 20_000
YAML = (".yaml", ".yml")
# What systems and people put beside case files, which says nothing of cases.
PUT_IN_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "readme.md", "readme.txt", "readme"})
# What a zip file that is cut off, packed or named in some other way, or locked comes to.
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError),
    *(EOFError, OSError, ValueError),
)
# Files have the same bytes for the same records.
ALWAYS = (1980, 1, 1, 0, 0, 0)


def read_zip(content: bytes) -> list[CaseFile]:
    """Return the case files of a zip file. Raises CaseFilesRefused with every problem."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problems = unpack(content, folder)
        files, found = read_folder(folder) if not problems else ([], [])
        found = [
            Problem("upload", 0, "", "It holds no case files.") if problem.file == name else problem
            for problem in found
        ]
    if problems or found:
        raise CaseFilesRefused(together([*problems, *found], []))
    return files


def unpack(content: bytes, folder: Path) -> list[Problem]:
    """Write the case files of a zip file into a folder, as kind/slug.yaml; return the problems.

    A folder around the kinds is left out, as are hidden files. Nothing is written outside
    `folder`, and no more than the limits above, whatever the zip file says of itself.
    """
    if len(content) > LARGEST:
        return [Problem("upload", 0, "", f"The zip file is larger than {LARGEST:,} bytes.")]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _unpack(packed, folder)
    except UNREADABLE as error:
        return [Problem("upload", 0, "", f"This is no zip file that can be read: {error}.")]


def _unpack(packed: zipfile.ZipFile, folder: Path) -> list[Problem]:
    problems = []
    left = LARGEST_UNPACKED
    members = [member for member in packed.infolist() if not member.is_dir()]
    if len(members) > MOST_FILES:
        return [Problem("upload", 0, "", f"It holds more than {MOST_FILES:,} files.")]
    for member in members:
        steps = PurePosixPath(member.filename.replace("\\", "/")).parts
        if any(step.startswith((".", "__MACOSX")) and step != ".." for step in steps):
            continue
        if not steps or ".." in steps or member.filename.startswith("/") or ":" in member.filename:
            problems.append(Problem(member.filename[:200], 0, "", "This leads out of the folder."))
            continue
        if steps[-1].lower() in PUT_IN_BY_SYSTEMS:
            continue
        if len(steps) < 2 or steps[-2] not in record_schemas() or not steps[-1].endswith(YAML):
            known = ", ".join(record_schemas())
            problems.append(
                Problem(
                    member.filename[:200],
                    0,
                    "",
                    f"A case file is kind/slug.yaml (or .yml), of one of these kinds: {known}.",
                )
            )
            continue
        with packed.open(member) as source:
            text = source.read(min(left, MAX_FILE_BYTES) + 1)
        left -= len(text)
        if left < 0:
            return [*problems, Problem("upload", 0, "", "Unpacked it is too large.")]
        target = folder / steps[-2] / f"{steps[-1].rpartition('.')[0]}.yaml"
        if target.exists():
            problems.append(Problem(member.filename[:200], 0, "", "This file is in it twice."))
            continue
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(text)
    return problems


def pack(records: Iterable[tuple[RecordSchema, Document]]) -> bytes:
    """Return a zip file of case files, the same bytes for the same documents."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for shape, document in records:
            name = f"{shape.folder}/{document['slug']}.yaml"
            packed.writestr(zipfile.ZipInfo(name, ALWAYS), text_of(document, shape))
    return content.getvalue()
