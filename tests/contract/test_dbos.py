"""What the engine of queued jobs relies on in DBOS, also where it is private: read again for every new version."""

from __future__ import annotations

import inspect
import threading
from importlib.metadata import version
from pathlib import Path

from dbos import DBOS, _queue
from dbos._dbos import _get_dbos_instance
from dbos._sys_db_sqlite import SQLiteSystemDatabase

from ffmpeg_worker.job_queue.dbos_runtime import _open_file
from ffmpeg_worker.job_queue.wake_event import WakeEvent


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("dbos").split(".")[:2] == ["3", "4"]


def test_the_loop_of_a_queue_takes_an_event_the_instance_and_the_queue() -> None:
    assert list(inspect.signature(_queue.queue_worker_thread).parameters) == ["stop_event", "dbos", "queue"]
    source = inspect.getsource(_queue.queue_worker_thread)
    # Of the event, nothing else is used; a queue that is not in the database keeps our own number of slots.
    assert {word.split("(")[0] for word in source.split("stop_event.")[1:]} == {"is_set", "wait"}
    assert "if queue.database_backed_queue:" in source


def test_recovery_takes_names_of_executors() -> None:
    assert list(inspect.signature(DBOS._recover_pending_workflows).parameters) == ["executor_ids"]


def test_the_instance_is_found_by_its_private_name() -> None:
    assert callable(_get_dbos_instance)


def test_a_wake_ends_a_pause_and_a_stop_ends_the_loop() -> None:
    wake = WakeEvent()
    assert wake.wait(0) is False
    threading.Timer(0.01, wake.wake).start()
    assert wake.wait(30) is False
    wake.stop()
    assert wake.is_set()
    assert wake.wait(30) is True


def test_a_database_file_is_opened_as_dbos_does(tmp_path: Path) -> None:
    """But for `synchronous`: what DBOS sets up is all that the own engine must set up, too."""
    url = f"sqlite:///{tmp_path / 'engine.db'}"
    source = inspect.getsource(SQLiteSystemDatabase._create_engine)
    assert source.count("dbapi_conn.") == 3
    theirs = SQLiteSystemDatabase._create_engine(None, url, {})  # type: ignore[arg-type]
    ours = _open_file(url)
    for pragma in ("busy_timeout", "foreign_keys"):
        with theirs.connect() as one, ours.connect() as other:
            values = [each.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for each in (one, other)]
        assert values[0] == values[1]
    with theirs.connect() as one, ours.connect() as other:
        levels = [each.connection.dbapi_connection.isolation_level for each in (one, other)]  # type: ignore[union-attr]
        assert levels[0] == levels[1]
        assert other.exec_driver_sql("PRAGMA synchronous").scalar_one() == 1
    assert type(theirs.pool) is type(ours.pool)
    theirs.dispose()
    ours.dispose()
