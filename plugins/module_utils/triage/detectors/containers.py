# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the app is packed: container files and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import paths
from ..model import Evidence, Snapshot, SourceFile
from ..names import secret_kind


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `container`: `yes` for each container file, and the names of its faults."""
    for file in snapshot.files:
        name = file.name.lower()
        if (
            re.match(r"(docker|container)file(\.[\w-]+)?$|.*\.(docker|container)file$", name)
            and not paths.is_example(file.path)
            and not name.endswith((".md", ".dockerignore"))
        ):
            yield Evidence("container", "yes", 8 if file.path.count("/") < 2 else 5, file.path, 1, "a container file")
            yield from _faults(file)


def _faults(file: SourceFile) -> Iterator[Evidence]:
    user, user_line, health, last_from = "", 0, False, 1
    stages: set[str] = set()
    for number, line in enumerate(file.lines, 1):
        words = line.split()
        keyword = words[0].upper() if words else ""
        if keyword == "FROM" and len(words) > 1:
            image, user, last_from = words[1] if not words[1].startswith("--") else words[2] if len(words) > 2 else "", "", number
            if (
                image
                and image not in stages
                and image != "scratch"
                and "@" not in image
                and "$" not in image
                and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest"))
            ):
                yield Evidence(
                    "container", "latest", 5, file.path, number, f"the base image {image} is whatever is newest on the day"
                )
            if len(words) > 3 and words[-2].upper() == "AS":
                stages.add(words[-1])
        elif keyword == "USER" and len(words) > 1:
            user, user_line = words[1].split(":")[0], number
        elif keyword == "HEALTHCHECK" and "NONE" not in line:
            health = True
        elif keyword == "ADD" and re.search(r"https?://", line):
            yield Evidence("container", "add_url", 4, file.path, number, "ADD fetches from the network unchecked")
        elif keyword in ("ENV", "ARG"):
            match = re.match(r"\s*\w+\s+([A-Za-z_]\w*)[=\s]+(\S+)", line)
            if match and secret_kind(match.group(1)) and not match.group(2).strip("\"'").startswith("$"):
                yield Evidence("container", "secret_in_image", 6, file.path, number, f"{match.group(1)} is baked into the image")
        elif keyword == "COPY" and re.search(r"\s\.env(\s|$)", line):
            yield Evidence("container", "secret_in_image", 5, file.path, number, "a .env file is copied into the image")
    if user in ("", "root", "0"):
        yield Evidence("container", "root", 5, file.path, user_line or last_from, "it runs as root")
    if not health:
        yield Evidence("container", "no_healthcheck", 1, file.path, 1, "it has no HEALTHCHECK")
