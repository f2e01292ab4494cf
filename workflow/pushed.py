"""Ask a DVC remote whether it holds every file that dvc.lock and the .dvc files name, and send what it lacks.

    uv run python workflow/pushed.py [REMOTE]

A killed `dvc push` can leave a folder's list of files in the remote, but not the files. Then DVC takes the folder
for pushed: the next `dvc push` and `dvc status --cloud` say that all is there. So every file is looked for in the
remote itself, and a list is sent after the files that it names.
"""

import json
import sys

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc_data.hashfile.db import HashFileDB


def wanted(repo: Repo, stores: list[HashFileDB]) -> dict[str, str]:
    """Path of each file that must be in the remote, by its hash; a folder's list comes after the folder's files.

    Args:
        repo: whose outputs are meant.
        stores: where lists are read from, the first that holds one.
    """
    found: dict[str, str] = {}
    for out in repo.index.outs:
        if not (out.use_cache and out.can_push and out.hash_info):
            continue
        own = out.hash_info.value
        store = next((each for each in stores if each.fs.exists(each.oid_to_path(own))), None)
        if own.endswith(".dir") and store:
            with store.fs.open(store.oid_to_path(own), "rb") as file:
                found |= {each["md5"]: f"{out}/{each['relpath']}" for each in json.load(file)}
        found[own] = str(out)
    return found


def complete(repo: Repo, name: str | None) -> tuple[int, int, list[str]]:
    """Send what the remote lacks; the number of all files, of those sent, and paths of those that are nowhere."""
    remote, cache = repo.cloud.get_remote_odb(name), repo.cache.local
    files = wanted(repo, [remote, cache])
    there = set(remote.oids_exist(list(files)))
    absent = [oid for oid in files if oid not in there]
    lost = [oid for oid in absent if not cache.exists(oid)]
    if not lost:  # a list without its files must not be sent
        for oid in absent:
            remote.add(cache.oid_to_path(oid), cache.fs, oid)
    return len(files), len(absent), [files[oid] for oid in lost]


def main(words: list[str]) -> None:
    """Say that all is there; end with status 1 where it is not, and cannot be sent from here."""
    try:
        with Repo() as repo:
            count, sent, lost = complete(repo, *(words or [None]))
    except (DvcException, OSError, ValueError) as error:
        sys.exit(f"error: the remote cannot be asked: {error}")
    if lost:
        found = f"{len(lost)} of {count} files are neither in the remote nor here, such as {lost[0]}"
        sys.exit(f"error: {found}; run this in the clone that made them")
    print(f"the remote holds all {count} files" + (f"; {sent} of them were sent now" if sent else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
