"""Event log: one JSON line on stderr for each event."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

_LOGGER = logging.getLogger("longhaul.serving")


class JsonFormatter(logging.Formatter):
    """Formatter of log records as JSON lines: time, level, event, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line; the traceback of an error is a field of it."""
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
    """Write this process' events to stderr, and uvicorn's warnings and errors."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    for name, level in ((_LOGGER.name, logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def info(event: str, **fields: Any) -> None:
    """Log an expected event."""
    _LOGGER.info(event, extra={"fields": fields})


def warning(event: str, **fields: Any) -> None:
    """Log an event that an operator should look at."""
    _LOGGER.warning(event, extra={"fields": fields})


def error(event: str, **fields: Any) -> None:
    """Log a failure, with the traceback of the exception that is being handled."""
    _LOGGER.error(event, exc_info=True, extra={"fields": fields})
