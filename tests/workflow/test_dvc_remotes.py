"""Remotes that content travels to: a folder, S3; and the messages when it cannot."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from copies import Copy

pytestmark = pytest.mark.slow
UP_TO_DATE = "Data and pipelines are up to date."
FEATURES = "data/smoke/features.h5"
KEY, SECRET = "an-access-key-id", "a-secret-access-key"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


def recorded(copy: Copy, path: str) -> str:
    """MD5 of an out, as dvc.lock has it."""
    lock = yaml.safe_load((copy.path / "dvc.lock").read_text(encoding="utf-8"))
    return next(
        out["md5"] for stage in lock["stages"].values() for out in stage["outs"] if out["path"] == path
    )


def whole(copy: Copy, built: Copy) -> bool:
    """True if every file that exists has the right content."""
    should = {path: md5 for path, (md5, _) in built.files("data", "results").items()}
    return all(should.get(path) == md5 for path, (md5, _) in copy.files("data", "results").items())


def damage(store: Path, md5: str) -> None:
    """Change a few bytes of an object, as a failing disk would: its size stays."""
    path = store / "files/md5" / md5[:2] / md5[2:]
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[900:908] = b"damaged!"
    path.write_bytes(content)


@pytest.fixture
def storage(place: Path, tmp_path: Path) -> Path:
    """A copy of the remote, to be spoilt."""
    return shutil.copytree(place / "gxn-storage", tmp_path / "storage")


def test_a_damaged_object_of_the_remote_is_detected_on_pull(built, clone, storage):
    copy = clone()
    copy.dvc("remote", "modify", "--local", "storage", "url", str(storage))
    damage(storage, recorded(copy, FEATURES))
    said = copy.dvc("pull", fails=True)
    assert "ERROR" in said and FEATURES in said
    assert not (copy.path / FEATURES).exists() and whole(copy, built)
    assert FEATURES in copy.dvc("status"), "what is missing is not passed over"
    copy.run("rm", ".dvc/config.local")
    copy.dvc("pull")
    assert UP_TO_DATE in copy.dvc("status") and whole(copy, built)


def test_a_damaged_object_of_the_cache_is_fetched_again(built, clone):
    copy = clone()
    copy.dvc("pull")
    damage(copy.path / ".dvc/cache", recorded(copy, FEATURES))
    (copy.path / FEATURES).unlink()
    assert "1 file fetched" in copy.dvc("pull")
    assert hashlib.md5((copy.path / FEATURES).read_bytes()).hexdigest() == recorded(copy, FEATURES)
    assert UP_TO_DATE in copy.dvc("status") and whole(copy, built)


def test_an_unreachable_or_missing_remote_is_an_error_and_leaves_nothing(clone):
    copy = clone()
    said = copy.dvc("pull", "--remote", "nosuch", fails=True)
    assert "remote 'nosuch' doesn't exist" in said
    copy.dvc("remote", "modify", "--local", "storage", "url", str(copy.path / "no/such/folder"))
    said = copy.dvc("pull", fails=True)
    assert "do not exist neither locally nor on remote" in said and "ERROR" in said
    copy.dvc("remote", "add", "--local", "s3", "s3://bucket/gxn")
    copy.dvc("remote", "modify", "--local", "s3", "endpointurl", "http://127.0.0.1:9")
    said = copy.dvc("pull", "--remote", "s3", fails=True, timeout=300, AWS_MAX_ATTEMPTS="2", **KEYS)
    assert "failed to connect to s3" in said and "127.0.0.1:9" in said
    assert copy.files("data", "results", ".snakemake") == {}
    assert copy.git("status", "--porcelain") == ""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk in memory, whose size a test may change; skipped where this user may not mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512m", "none", str(tmp_path)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk: {mounted.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_is_an_error_leaves_whole_files_and_pull_goes_on(built, place, small_disk):
    copy = built.clone(small_disk / "clone")
    copy.dvc("remote", "modify", "--local", "storage", "url", str(place / "gxn-storage"))
    # the clone, its cache and half of its files fit
    size = sum(path.stat().st_size for path in (place / "gxn-storage").rglob("*") if path.is_file())
    used = shutil.disk_usage(small_disk).used
    resize = ["mount", "-o", f"remount,size={used + size * 3 // 2}", str(small_disk)]
    subprocess.run(resize, check=True)
    said = copy.dvc("pull", fails=True)
    assert "ERROR" in said
    assert whole(copy, built) and len(copy.files("data", "results")) < len(built.files("data", "results"))
    subprocess.run(["mount", "-o", f"remount,size={used + size * 4}", str(small_disk)], check=True)
    copy.dvc("pull")
    assert UP_TO_DATE in copy.dvc("status") and whole(copy, built)
    assert len(copy.files("data", "results")) == len(built.files("data", "results"))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a local S3 with an empty bucket."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    import boto3

    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}".replace("0.0.0.0", "127.0.0.1")
    options = {"endpoint_url": address, "region_name": "us-east-1"}
    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    boto3.client("s3", **options, **keys).create_bucket(Bucket="bucket")
    yield address
    server.stop()


def test_s3_with_credentials_from_the_environment_only(built, clone, s3):
    first, second = clone(), clone()
    first.dvc("pull")
    first.dvc("remote", "add", "--default", "lab", "s3://bucket/gxn")
    first.dvc("remote", "modify", "lab", "endpointurl", s3)
    assert "pushed" in first.dvc("push", **KEYS)
    shutil.copy(first.path / ".dvc/config", second.path / ".dvc/config")
    said = second.dvc("pull", fails=True, AWS_EC2_METADATA_DISABLED="true")
    assert "credentials" in said
    second.dvc("pull", **KEYS)
    assert UP_TO_DATE in second.dvc("status") and whole(second, built)
    assert "Nothing to be done" in second.snakemake("-n", "results/table_ablation.csv")
    text = "".join((second.path / name).read_text(encoding="utf-8") for name in (".dvc/config", "dvc.lock"))
    assert KEY not in text and SECRET not in text
    assert json.loads(second.dvc("status", "--json")) == {}
