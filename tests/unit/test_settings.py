"""Settings: their sources, and errors about invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from ffmpeg_worker.errors import Misconfigured
from ffmpeg_worker.settings import Settings, environment_variable_of, read_settings


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable is set, and there is no .env file."""
    for name in Settings.model_fields:
        monkeypatch.delenv(environment_variable_of(name), raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.data_root) == ("127.0.0.1", 3000, Path("data"))
    assert (settings.env, settings.api_keys, settings.allowed_roots) == ("development", (), ())
    assert not settings.api_base_url_is_set


def test_every_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "env": "production",
        "version": "9.9",
        "host": "::1",
        "port": "8080",
        "api_keys": "one, two,",
        "api_base_url": "http://127.0.0.1:1/api",
        "api_timeout_s": "5",
        "test_input_file_name": "other.json",
        "data_root": "/srv/media",
        "allowed_roots": "/mnt/a:/mnt/b",
        "scratch_root": "/scratch",
        "ffmpeg_path": "system",
        "ffprobe_path": "none",
        "max_concurrency": "7",
        "max_waiting_jobs": "0",
        "default_timeout_s": "1.5",
        "max_timeout_s": "9",
        "max_body_bytes": "2048",
        "log_level": "DEBUG",
    }
    assert set(values) <= set(Settings.model_fields)
    for name, value in values.items():
        monkeypatch.setenv(environment_variable_of(name), value)
    settings = read_settings()
    assert set(values) == set(Settings.model_fields) & settings.model_fields_set
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert settings.allowed_roots == (Path("/mnt/a"), Path("/mnt/b"))
    assert (settings.port, settings.default_timeout_s, settings.max_waiting_jobs) == (8080, 1.5, 0)
    assert settings.api_base_url_is_set


def test_the_contract_names_its_variables() -> None:
    fixed = (
        "env version port api_base_url api_timeout_s test_input_file_name data_root ffmpeg_path ffprobe_path "
        "max_concurrency cloud_storage_type bucket_name bucket_endpoint_url bucket_access_key_id "
        "bucket_secret_access_key runpod_endpoint_id runpod_base_url"
    ).split()
    assert [environment_variable_of(name) for name in fixed] == (
        "ENV VERSION PORT FFMPEG_API_BASE_URL FFMPEG_API_TIMEOUT TEST_INPUT_FILE_NAME FS_PATH FFMPEG_PATH "
        "FFPROBE_PATH MAX_CONCURRENCY CLOUD_STORAGE_TYPE BUCKET_NAME BUCKET_ENDPOINT_URL BUCKET_ACCESS_KEY_ID "
        "BUCKET_SECRET_ACCESS_KEY RUNPOD_ENDPOINT_ID RUNPOD_ENDPOINT_BASE_URL"
    ).split()
    others = set(Settings.model_fields) - set(fixed)
    assert all(environment_variable_of(name).startswith("FFMPEG_WORKER_") for name in others)


def test_a_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1111\nFS_PATH=/from/file\nSOMEBODY_ELSES=1\n")
    monkeypatch.setenv("PORT", "2222")
    settings = read_settings()
    assert (settings.port, settings.data_root) == (2222, Path("/from/file"))


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "2222")
    monkeypatch.setenv("FS_PATH", "/from/environment")
    settings = read_settings(port=0, data_root="/given")
    assert (settings.port, settings.data_root) == (0, Path("/given"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "sesame"),
        ("ENV", "sesame"),
        ("MAX_CONCURRENCY", "0"),
        ("FFMPEG_API_TIMEOUT", "0"),
        ("FFMPEG_WORKER_LOG_LEVEL", "sesame"),
        ("FFMPEG_WORKER_MAX_WAITING_JOBS", "-1"),
        ("FFMPEG_WORKER_MAX_BODY_BYTES", "sesame"),
    ],
)
def test_a_wrong_value_names_its_variable_and_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    assert caught.value.message.startswith(f"{variable}: ")
    assert "sesame" not in f"{caught.value.message} {caught.value.hint} {caught.value.detail}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_key(host: str) -> None:
    read_settings(host=host).check_exposure()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "worker.example"])
def test_strangers_need_a_key(host: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(host=host).check_exposure()
    assert "FFMPEG_WORKER_API_KEYS" in str(caught.value.hint)
    read_settings(host=host, api_keys="key").check_exposure()


def test_a_key_is_never_shown() -> None:
    assert "sesame" not in repr(read_settings(api_keys="sesame"))


def test_a_misspelt_variable_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFMPEG_WORKER_API_KEY", "secret-value")
    with pytest.raises(Misconfigured, match="FFMPEG_WORKER_API_KEY") as caught:
        read_settings()
    assert caught.value.hint == "Did you mean FFMPEG_WORKER_API_KEYS?"
    assert "secret-value" not in str(caught.value.as_problem())


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("FFMPEG_WORKER_HOST", "")
    assert (read_settings().port, read_settings().host) == (3000, "127.0.0.1")


@pytest.mark.parametrize(
    ("keys", "are_several"), [("", False), ("one", False), ("one,one", False), ("one,two", True)]
)
def test_several_keys_share_the_worker(keys: str, are_several: bool) -> None:
    assert read_settings(api_keys=keys).has_several_keys is are_several


def test_a_file_in_the_data_root_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Jobs write there: the file could switch the sandbox off at the next start."""
    below = tmp_path / "below"
    below.mkdir()
    for folder in (tmp_path, below):
        (folder / ".env").write_text("FFMPEG_WORKER_SANDBOX=off\nFS_PATH=/elsewhere\n")
        monkeypatch.chdir(folder)
        assert read_settings(data_root=tmp_path).sandbox == "require"
        monkeypatch.setenv("FS_PATH", str(tmp_path))
        assert read_settings().sandbox == "require"
        monkeypatch.setenv("FS_PATH", "/elsewhere")
        assert read_settings(allowed_roots=(tmp_path,)).sandbox == "require"
        assert read_settings().sandbox == "off"
        monkeypatch.delenv("FS_PATH")
    assert "was not read" in caplog.text


def test_a_file_that_is_a_link_into_the_data_root_is_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/planted").write_text("FFMPEG_WORKER_SANDBOX=off\n")
    (tmp_path / ".env").symlink_to("data/planted")
    assert read_settings().sandbox == "require"
    monkeypatch.setenv("FS_PATH", "other")
    assert read_settings().sandbox == "off"


@pytest.mark.parametrize("setting", ["FS_PATH=.", "FFMPEG_WORKER_ALLOWED_ROOTS=/"])
def test_a_file_that_lets_jobs_write_its_own_folder_is_refused(tmp_path: Path, setting: str) -> None:
    (tmp_path / ".env").write_text(f"{setting}\n")
    with pytest.raises(Misconfigured, match=r"\.env"):
        read_settings()


def test_webhook_secrets_are_several_or_none() -> None:
    first, second = "whsec_" + "QUFB" * 8, "whsec_" + "QkJC" * 10
    assert read_settings().webhook_secrets == ()
    assert read_settings(webhook_secret=f"{first}, {second}").webhook_secrets == (first, second)
    assert read_settings(webhook_secret=f"{first} {second}").webhook_secrets == (first, second)


@pytest.mark.parametrize("secret", ["secret-canary", "whsec_c2hvcnQ=", "whsec_%%%%", "whsec_" + "QUFB" * 8 + ",x"])
def test_a_webhook_secret_that_receivers_could_not_use_is_refused(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_settings(webhook_secret=secret)
    assert "FFMPEG_WORKER_WEBHOOK_SECRET" in caught.value.message
    assert "canary" not in caught.value.message
