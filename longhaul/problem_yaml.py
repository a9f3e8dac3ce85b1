"""Problem files: YAML, read into a checked problem and written back."""

from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args

import pydantic
import yaml

from longhaul.errors import LonghaulError
from longhaul.problem import Problem


def load(path: Path) -> Problem:
    """Read and check a problem file.

    Raises
    ------
    LonghaulError
        In one line: the key, the value found there, and the allowed ones.
    """
    try:
        declared = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise LonghaulError(f"{path}: no such problem file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LonghaulError(f"{path}: cannot be read as a problem file: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark, hint = error.problem_mark, "; indent with blanks" if "\\t" in str(error) else ""
        place = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise LonghaulError(f"{path}: not valid YAML:{place} {error.problem}{hint}") from None
    except yaml.YAMLError as error:
        complaint = " ".join(str(error).split())
        raise LonghaulError(f"{path}: not valid YAML: {complaint}") from None
    return parse(declared, str(path))


class _Loader(yaml.BaseLoader):
    """Loader of texts, which refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping; see PyYAML."""
        before: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in before:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} is there twice", problem_mark=key.start_mark
                )
            before |= {key.value} if isinstance(key, yaml.ScalarNode) else set()
        return dict(super().construct_mapping(node, deep))


def parse(declared: Any, origin: str) -> Problem:
    """Validate the content of a problem file; its leaves may be text, as of `yaml.BaseLoader`."""
    if not isinstance(declared, dict):
        raise LonghaulError(f"{origin}: expected keys and values such as 'name: churn'")
    try:
        return pydantic.TypeAdapter(Problem).validate_python(declared)
    except pydantic.ValidationError as error:
        raise LonghaulError(f"{origin}: {_first(error)}") from None


def dump(problem: Problem) -> str:
    """Serialise a problem to YAML, with every default written out, for `load` to read back."""
    content = pydantic.TypeAdapter(Problem).dump_python(problem, mode="json", exclude_none=True)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _first(error: pydantic.ValidationError) -> str:
    """Return pydantic's first complaint in one line: key, complaint, value."""
    complaint = error.errors()[0]
    key = ".".join(str(part) for part in complaint["loc"]) or "the problem"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if complaint["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key; allowed here are {_allowed(complaint['loc'])}{more}"
    if complaint["type"] in {"missing", "missing_argument"}:
        return f"{key}: missing{more}"
    text = complaint["msg"].removeprefix("Value error, ")
    return f"{key}: {text[0].lower()}{text[1:]}; found {complaint['input']!r}{more}"


def _allowed(location: tuple[int | str, ...]) -> str:
    """List the keys that are allowed beside an unknown one."""
    section: Any = Problem
    for part in location[:-1]:
        declared = section.__dataclass_fields__[part].type
        section = next((kind for kind in get_args(declared) if is_dataclass(kind)), declared)
    return ", ".join(section.__dataclass_fields__)
