"""Case files: one YAML file a record, read with the line of every value, written always alike."""

from pathlib import Path
from typing import Any

import yaml

from clusters.records.schema import RecordSchema, record_schemas
from clusters.records.serialization import Document
from clusters.records.validation import (
    ONE_WORD,
    CaseFile,
    FileList,
    FileMapping,
    FileText,
    Problem,
    read_value,
)

WIDTH = 110
MAX_FILE_BYTES = 5_000_000
MOST_LEVELS, MOST_NODES = 20, 200_000


# --- Reading ------------------------------------------------------------------------------------


def read_folder(folder: Path) -> tuple[list[CaseFile], list[Problem]]:
    """Return every record below a folder, or in a single file, and every problem found.

    The records are in the order of `record_schemas()`.
    """
    if not folder.exists():
        return [], [Problem(str(folder), 0, "", "There is no such folder.")]
    files: list[CaseFile] = []
    problems: list[Problem] = []
    known = record_schemas()
    for name in sorted(path.name for path in folder.iterdir()):
        path = folder / name
        if path.is_dir() and name not in known and not name.startswith("."):
            kinds = ", ".join(known)
            problems.append(
                Problem(name, 0, "", f"No kind of record is called so. Known: {kinds}.")
            )
        elif path.is_file() and path.suffix in (".yaml", ".yml"):
            problems.append(Problem(name, 0, "", "Put the file into the folder of its kind."))
    for kind, shape in known.items():
        for path in sorted((folder / kind).glob("*.y*ml")):
            case_file, found = read_text(f"{kind}/{path.name}", _text(path), shape)
            problems += found
            if case_file is not None:
                files.append(case_file)
                if case_file.slug and path.stem != case_file.slug:
                    problems.append(
                        case_file.problem(
                            ("slug",),
                            f"The file is called {path.name}: name it {case_file.slug}.yaml, "
                            "or change the slug.",
                        )
                    )
    if not files and not problems:
        problems.append(Problem(str(folder), 0, "", "The folder holds no case files."))
    return files, problems


def _text(path: Path) -> bytes:
    return path.read_bytes()


def read_text(name: str, text: bytes, shape: RecordSchema) -> tuple[CaseFile | None, list[Problem]]:
    """Return the case file of a text, and its problems; None and why where it is no YAML."""
    if len(text) > MAX_FILE_BYTES:
        return None, [Problem(name, 0, "", f"The file is larger than {MAX_FILE_BYTES:,} bytes.")]
    try:
        decoded = text.decode("utf-8")
        if problem := _bounds_problem(name, decoded):
            return None, [problem]
        node = yaml.compose(decoded, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        return None, [Problem(name, line, "", "The text is not UTF-8.")]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        return None, [
            Problem(name, line, "", f"This is not YAML: {error.problem or error.context}.")
        ]
    except yaml.YAMLError as error:
        return None, [Problem(name, 0, "", f"This is not YAML: {error}.")]
    return read_value(name, _value_of(node), shape)


def _value_of(node: yaml.Node | None) -> FileMapping | FileList | FileText | None:
    """Return a node as its texts, so that YAML does not guess what they are."""
    if node is None:
        return None
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return FileText(node.value, line, is_null=node.tag == "tag:yaml.org,2002:null")
    if isinstance(node, yaml.SequenceNode):
        return FileList(map(_value_of, node.value), line)
    found = FileMapping(line)
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            found.misnamed.append(("", at, ONE_WORD))
        elif key.value in found:
            found.misnamed.append((key.value, at, "This name stands here twice."))
        else:
            found[key.value] = _value_of(value)
    return found


def _bounds_problem(name: str, text: str) -> Problem | None:
    """Return what is too deep or too long in a file; libyaml makes nodes by unbounded recursion.

    Aliases are refused, since one short line of them can stand for endless values.
    """
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        message = ""
        if isinstance(event, yaml.AliasEvent):
            message = "References to other values (*name) are not read. Write the value itself."
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MOST_LEVELS:
            message = f"Values are nested more than {MOST_LEVELS} levels deep."
        elif nodes > MOST_NODES:
            message = f"The file has more than {MOST_NODES:,} values. Split the record."
        if message:
            line = event.start_mark.line + 1 if event.start_mark else 0
            return Problem(name, line, "", message)
    return None


# --- Writing ------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Indents lists, folds long text, and keeps short mappings on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class _OneLine(dict[str, Any]):
    """A mapping that is written as {a: 1, b: 2}."""


class _Text(str):
    """A text long enough to be folded."""

    __slots__ = ()


def _represent_one_line(dumper: yaml.SafeDumper, value: _OneLine) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


def _represent_text(dumper: yaml.SafeDumper, value: _Text) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=">")


_Dumper.add_representer(_OneLine, _represent_one_line)
_Dumper.add_representer(_Text, _represent_text)


def text_of(document: Document, shape: RecordSchema) -> str:
    """Return the canonical text of a document's file."""
    return yaml.dump(
        _styled(document, shape),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=WIDTH,
        default_flow_style=False,
    )


def _styled(document: Document, shape: RecordSchema) -> dict[str, Any]:
    styled: dict[str, Any] = {}
    for field in shape.fields:
        if field.name in document:
            value = document[field.name]
            if field.kind == "date":
                value = _OneLine(value)
            elif field.kind == "json" and isinstance(value, list):
                value = [_OneLine(item) if isinstance(item, dict) else item for item in value]
            elif isinstance(value, str) and len(value) > 60 and "\n" not in value:
                value = _Text(value)
            styled[field.name] = value
    if "citations" in document:
        styled["citations"] = [_OneLine(item) for item in document["citations"]]
    for name, child in shape.children.items():
        if name in document:
            styled[name] = [_styled(item, child) for item in document[name]]
    return styled


def write(folder: Path, shape: RecordSchema, document: Document) -> Path:
    """Write a document to the file where `read_folder` looks for it."""
    path = folder / shape.folder / f"{document['slug']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(document, shape), encoding="utf-8")
    return path
