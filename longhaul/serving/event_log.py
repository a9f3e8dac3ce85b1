"""The log: one JSON line on stderr for each event."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_LOGGER = logging.getLogger("longhaul.serving")


class JsonFormatter(logging.Formatter):
    """Records as JSON lines: time, level, event, and what belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; the trace of an error is a field of it."""
        fields = getattr(record, "fields", {})
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": record.process,
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure() -> None:
    """Write this process' events to stderr; of uvicorn, only what went wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    for name, level in ((_LOGGER.name, logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def info(what: str, **fields: Any) -> None:
    """Something that is as it should be."""
    _LOGGER.info(what, extra={"fields": fields})


def warning(what: str, **fields: Any) -> None:
    """Something that someone should look at."""
    _LOGGER.warning(what, extra={"fields": fields})


def error(what: str, **fields: Any) -> None:
    """Something that must not happen; with the trace of the error that is being handled."""
    _LOGGER.error(what, exc_info=True, extra={"fields": fields})
