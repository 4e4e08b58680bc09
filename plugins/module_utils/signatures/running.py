# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs against what was verified: the images of an app's pods. Pure.

A pod's status tells what was really pulled (`imageID`), its spec only what was asked for; the status goes first.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..errors import Invalid
from ..oci.reference import parse

_DIGEST: Final = re.compile(r"(?P<name>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})$")
_OVER: Final = frozenset({"Succeeded", "Failed"})


@dataclasses.dataclass(frozen=True, slots=True)
class Running:
    """One container of a pod: the image's repository, and the digest it runs ('' if only a tag is known)."""

    pod: str
    container: str
    image: str
    digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where the app runs: the container of this name, in pods that the app's name labels."""

    app: str
    container: str

    def holds(self, pod: Mapping[str, Any], container: str) -> bool:
        """Whether this container of the pod is the place."""
        labels = pod["metadata"].get("labels") or {}
        return container == self.container and labels.get("app.kubernetes.io/name") == self.app


def running(pods: Iterable[Mapping[str, Any]], paths: frozenset[str], place: Place) -> tuple[Running, ...]:
    """The app's containers in pods that are not over.

    Those that run an image of one of its names (`PATH`, in whatever registry), and whatever runs in its place.
    """
    return tuple(
        found
        for pod in pods
        if (pod.get("status") or {}).get("phase") not in _OVER
        for found in _of_pod(pod)
        if _path(found.image) in paths or place.holds(pod, found.container)
    )


def strangers(found: Iterable[Running], verified: frozenset[str]) -> tuple[str, ...]:
    """What runs and was not verified, a sentence each."""
    return tuple(
        f"the container {one.container} of the pod {one.pod} runs {_shown(one)}" for one in found if one.digest not in verified
    )


def _shown(one: Running) -> str:
    repository = one.image.partition("@")[0]
    return f"{repository}@{one.digest}" if one.digest else f"{one.image}, by a tag"


def _of_pod(pod: Mapping[str, Any]) -> Iterator[Running]:
    name, spec, status = str(pod["metadata"]["name"]), pod.get("spec") or {}, pod.get("status") or {}
    kinds = (("containers", "containerStatuses"), ("initContainers", "initContainerStatuses"))
    for listed, reported in kinds:
        pulled = {one.get("name"): str(one.get("imageID") or "") for one in status.get(reported) or ()}
        for container in spec.get(listed) or ():
            image = str(container.get("image") or "")
            # Runtimes write `docker-pullable://NAME@DIGEST`, `NAME@DIGEST`, or the bare id of a configuration.
            real = _DIGEST.search(pulled.get(container.get("name"), "").rpartition("//")[2])
            asked = _DIGEST.search(image)
            digest = (real or asked)["digest"] if real or asked else ""  # type: ignore[index]  # one of them is there
            yield Running(name, str(container.get("name")), image, digest)


def _path(image: str) -> str:
    try:
        return parse(image, "unnamed.invalid").path
    except Invalid:
        return ""
