# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbook as data: one page for an owner who does not code and for whoever is called at night.

Text is carried as it is in the catalog; whoever renders it escapes it (`markdown.py`, `html.py`). Nothing here depends on
the time or on earlier runs, so the same state gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import pathlib
import shlex
from typing import Final

from ..app import PRODUCTS, App, Database, DataClass, Exposure
from ..azure_clouds import vault_name
from ..controls import Path
from ..observability.model import Rule
from ..oci.reference import parse
from ..profile import Profile
from ..rotation.stores import azure_versions
from ..rotation.stores.gcp_secretmanager import secret_id
from ..verdict import Verdict

# The first paragraph of a description is enough for a page that must fit on one sheet.
LONGEST_DESCRIPTION: Final = 320
LONGEST_IMPACT: Final = 240
# The report of the last run lies in the same folder: the page can be copied or published with it.
REPORT: Final = "converge.html"

DATA: Final = {
    DataClass.PUBLIC: "public data only",
    DataClass.INTERNAL: "internal data",
    DataClass.PERSONAL: "personal data",
    DataClass.PAYMENT: "payment data",
    DataClass.HEALTH: "health data",
}
_HARMLESS: Final = "Harmless; takes some seconds."
# Its containers have no disk that outlives them, unless its developers gave them one.
_RESTART_OF_FILE: Final = (
    "Ask the maintainer first: the app keeps its data in a file (SQLite), and a restart loses what is not on a lasting disk."
)
EXPOSURE: Final = {
    Exposure.INTERNAL: "colleagues only",
    Exposure.PARTNER: "colleagues and partners",
    Exposure.PUBLIC: "everybody on the internet",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody to call: what they are to the app, and how they are reached."""

    role: str
    name: str
    email: str
    phone: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """Something to do: when, in words, and the command that does it ('' if a person does)."""

    title: str
    text: str
    command: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Alarm:
    """An alert's place in the runbook: what it means and what to do first."""

    anchor: str
    name: str
    urgent: bool
    meaning: str
    steps: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Everything the runbook says. `facts` are (what, value) pairs; `places` are names and addresses, never secrets;
    `report` is the file beside this page that shows what is in place.
    """

    title: str
    environment: str
    description: str
    impact: str
    address: str
    facts: tuple[tuple[str, str], ...]
    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    alarms: tuple[Alarm, ...]
    places: tuple[tuple[str, str], ...]
    report: str = REPORT


@dataclasses.dataclass(frozen=True, slots=True)
class Here:
    """What is known only where the page is written: whether the platform runs the app, and where a supervised one answers.

    In the embedded sandbox `python` is the program that runs now and `inventory` its inventory: our programs are not on the
    PATH of whoever reads the page. Elsewhere they are, and both are empty.
    """

    runs: bool
    address: str = ""
    python: str = ""
    inventory: str = ""


def page_of(app: App, profile: Profile, verdict: Verdict, rules: tuple[Rule, ...], here: Here) -> Page:
    """The runbook of an app from the same data as its tenancy and its alerts."""
    steps = _running(app, profile, here) if here.runs else _run_elsewhere(app, profile, here)
    return Page(
        title=app.title,
        environment=app.environment,
        description=shortened(app.description, LONGEST_DESCRIPTION),
        impact=shortened(app.impact, LONGEST_IMPACT),
        address=_address(app, profile, here),
        facts=_facts(app, verdict),
        people=_people(app),
        steps=(*steps, *_recovery(app, profile, here.runs)),
        alarms=_alarms(rules),
        places=_places(app, profile),
    )


def _address(app: App, profile: Profile, here: Here) -> str:
    # A supervised app answers on the machine itself: nothing brings requests for its hostname to it.
    if profile.runner.kind == "supervisor":
        return here.address
    return f"https://{app.hostname}" if app.hostname else ""


def _alarms(rules: tuple[Rule, ...]) -> tuple[Alarm, ...]:
    alarms: list[Alarm] = []
    told: dict[tuple[str, ...], str] = {}
    for rule in rules:
        # The same steps twice would cost the place that makes the page fit on one sheet.
        first = told.setdefault(rule.steps, rule.alert)
        steps = rule.steps if first == rule.alert else (f"Do as for {first}.",)
        alarms.append(Alarm(rule.anchor, rule.alert, rule.severity == "critical", rule.meaning, steps))
    return tuple(alarms)


def shortened(text: str, longest: int) -> str:
    """The text on one line, cut between words (with an ellipsis) where it is too long for the page."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    return line[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _facts(app: App, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    services = ", ".join(f"{one.name} ({one.host})" for one in app.integrations)
    full = verdict.path is Path.FULL
    return (
        ("Team", app.owner.team),
        ("Used by", f"{EXPOSURE[app.exposure]}, up to {app.peak_users} at a time"),
        ("Holds", DATA[app.data]),
        ("Needs", "; ".join(part for part in (_database(app), services) if part) or "nothing else"),
        ("Urgency", "somebody is called at any hour" if full else "the next working morning is soon enough"),
        ("Costs", f"up to {app.monthly_cost} {app.currency} a month, {app.cost_center}"),
    )


def _database(app: App) -> str:
    if not app.database:
        return ""
    engine = PRODUCTS.get(app.database.engine, app.database.engine)
    return f"the {engine} database {app.database.name}"


def _people(app: App) -> tuple[Person, ...]:
    calls = tuple(
        Person(f"Call {number}", contact.name, contact.email, contact.phone)
        for number, contact in enumerate(app.escalation, start=1)
    )
    owner = Person("Owner", app.owner.name, app.owner.email)
    keeper = Person("Maintainer", app.maintainer.name, app.maintainer.email, app.maintainer.phone)
    return (owner, *calls, keeper)


def command(*words: str) -> str:
    """Words as a shell takes them: each is quoted where it must be."""
    return shlex.join(words)


def _running(app: App, profile: Profile, here: Here) -> tuple[Step, ...]:
    supervisor = profile.runner.kind == "supervisor"
    do = _supervisor(app, profile, here) if supervisor else _kubernetes(app, profile)
    merged = f"Merge to {app.repository.branch}; its pipeline builds and tests. Then put everything in place:"
    return (
        Step("Is it well?", do["look_text"], do["look"]),
        Step("Logs.", _logs(profile), do["logs"]),
        Step("Restart.", _RESTART_OF_FILE if _in_file(app) else do["restart_text"], do["restart"]),
        Step("Roll back.", do["back_text"], do["back"]),
        Step("Deploy.", merged, _road(app, here)),
    )


def _run_elsewhere(app: App, profile: Profile, here: Here) -> tuple[Step, ...]:
    """Where the platform has nothing that runs, a command of its could only fail: who is to be asked is all that helps."""
    branch, keeper, url = app.repository.branch, app.maintainer, profile.observability.logs_url
    logs = f" Its logs: {url}." if url else ""
    who = (
        f"The platform does not run this app in {app.environment} and cannot look at it or restart it.{logs} Who runs it should "
        f'stand above at "When it is down". If it does not, ask the maintainer, {keeper.name} ({keeper.email}), and have it '
        "written there: it is the field impact of the catalog entry."
    )
    back = f"Take the newest change out of {branch}, then deploy (see Deploy)."
    merged = f"Merge to {branch}; whoever runs the app starts the new version. Then put everything in place:"
    return (
        Step("Is it well? Logs. Restart.", who),
        Step("Roll back.", back, _reverted(app, profile)),
        Step("Deploy.", merged, _road(app, here)),
    )


def _road(app: App, here: Here) -> str:
    play = [here.python, "-P", "-m", "ansible", "playbook"] if here.python else ["ansible-playbook"]
    inventory = here.inventory or f"inventories/{app.environment}"
    return command(*play, "goldenpath.microapps.harden", "-i", inventory, "-e", f"app={app.name}")


def _in_file(app: App) -> bool:
    return app.database is not None and app.database.engine == "sqlite"


def _logs(profile: Profile) -> str:
    url = profile.observability.logs_url
    return f"Newest last; for longer times see {url}." if url else "Newest last."


def _kubernetes(app: App, profile: Profile) -> dict[str, str]:
    base = ["kubectl", *(["--context", profile.cluster.context] if profile.cluster.context else []), "-n", app.namespace]
    deployment = f"deployment/{app.name}"
    health = f"https://{app.hostname}{app.workload.health_path}" if app.hostname else ""
    return {
        "look": command("curl", "-i", health) if health else command(*base, "get", "pods"),
        "look_text": "Open it, or ask for its health: it should answer 200." if health else "Its pods should be ready:",
        "logs": command(*base, "logs", deployment, "--tail=200", "--prefix"),
        "restart": command(*base, "rollout", "restart", deployment),
        # On the full path the owner's group may delete pods, and change nothing that runs (tenancy's Role).
        "restart_text": f"{_HARMLESS} If you may not, delete its pods instead, one after the other: each comes back.",
        "back": command(*base, "rollout", "undo", deployment),
        "back_text": (
            f"To the version before (if it is forbidden to you, call the platform team); then take the change out of "
            f"{app.repository.branch} as well."
        ),
    }


def _supervisor(app: App, profile: Profile, here: Here) -> dict[str, str]:
    client = [here.python, "-P", "-m", "supervisor.supervisorctl"] if here.python else ["supervisorctl"]
    control = [*client, "-s", f"unix://{profile.runner.control}"]
    program = f"app-{app.name}"
    # The sandbox keeps both outputs in one file, and supervisorctl cannot show the colours that a web server writes there.
    logs = pathlib.PurePath(profile.runner.control).parent / "logs"
    return {
        "look": command(*control, "status", program),
        "look_text": "It should be RUNNING:",
        "logs": command("tail", "-n", "200", str(logs / f"{program}.log")) if here.python else command(*control, "tail", program),
        "restart": command(*control, "restart", program),
        "restart_text": _HARMLESS,
        "back": _reverted(app, profile),
        "back_text": f"Take the newest change out of {app.repository.branch}, then deploy (see Deploy).",
    }


def _reverted(app: App, profile: Profile) -> str:
    # A folder of its own, which may be there from the last time: nobody's own checkout is reset.
    folder, branch, url = f"{app.name}-rollback", app.repository.branch, profile.repository_url(app)
    steps = (
        ("fetch", url, branch),
        ("checkout", "--detach", "FETCH_HEAD"),
        # What git revert refuses is taken back, too: a merge. The newest change is whatever the branch got last.
        ("read-tree", "-u", "--reset", "HEAD~1"),
        ("commit", "-m", "Take the newest change back"),
        ("push", url, f"HEAD:{branch}"),
    )
    return "\n".join((command("git", "init", folder), *(command("git", "-C", folder, *step) for step in steps)))


def _recovery(app: App, profile: Profile, run_here: bool) -> tuple[Step, ...]:
    steps = [_restored(app.database, profile)] if app.database else []
    if app.secrets:
        names = ", ".join(app.secret_name(secret.name) for secret in app.secrets)
        restarted = "restarts the app" if run_here else "asks whoever runs the app to restart it"
        text = (
            "Say so at once; nobody is blamed. The platform team has a new one made, stores it under the same name and "
            f"{restarted}. Names: {names}. What is stored, and since when:"
        )
        steps.append(Step("A password or key got out.", text, _look_at_secret(app, profile)))
    return tuple(steps)


def _restored(database: Database, profile: Profile) -> Step:
    if database.engine == "sqlite":
        text = "Do not restart the app: its data is in a file (SQLite). The platform saves none; ask its maintainer for a copy."
        return Step("Data lost or wrong.", text)
    server, place = profile.server_of(database), profile.place_of(database)
    title, text = "Data lost or wrong.", "Call the platform team. They save what is there and load the last good copy"
    if server is None or place is None:
        # Which server it is on, and as whom one logs in there, nobody has told.
        return Step(title, f"{text}.")
    name, (host, port) = database.name, place
    if database.engine == "postgresql":
        file, login = f"{name}.dump", ["-h", host, "-p", str(port), "-U", server.admin_user]
        save = command("pg_dump", *login, "-Fc", "-f", f"before-{file}", name)
        load = command("pg_restore", *login, "-d", name, "--clean", "--if-exists", file)
    else:
        # Each of the two has clients of its own name, and MariaDB has given up those of MySQL's.
        client, dump = ("mariadb", "mariadb-dump") if database.engine == "mariadb" else ("mysql", "mysqldump")
        file, login = f"{name}.sql", ["-h", host, "-P", str(port), "-u", server.admin_user, "-p"]
        parts = ["--single-transaction", "--routines", "--triggers", "--events"]
        save = command(dump, *login, *parts, f"--result-file=before-{file}", name)
        load = command(client, *login, name, "-e", f"source {file}")
    return Step(title, f"{text}, here {file}:", f"{save}\n{load}")


def _look_at_secret(app: App, profile: Profile) -> str:
    name = app.secret_name(app.secrets[0].name)
    if profile.secret_store.scheme == "openbao":
        return command("bao", "kv", "metadata", "get", f"-mount={profile.secret_store.mount}", name)
    if profile.secret_store.scheme == "gcp_secretmanager":
        return command("gcloud", "secrets", "versions", "list", secret_id(name), f"--project={profile.secret_store.project}")
    if profile.secret_store.scheme == "azure_keyvault":
        vault = f"--vault-name={vault_name(profile.secret_store.address)}"
        return command("az", "keyvault", "secret", "list-versions", vault, f"--name={azure_versions.secret_id(name)}")
    endpoint = ["--endpoint-url", profile.aws.endpoint_url] if profile.aws.endpoint_url else []
    where = ["--region", profile.aws.region, *endpoint]
    return command("aws", "secretsmanager", "list-secret-version-ids", "--secret-id", name, *where)


def _places(app: App, profile: Profile) -> tuple[tuple[str, str], ...]:
    places = [
        ("Code", f"{profile.repository_url(app)} ({app.repository.branch})"),
        ("Image", str(parse(app.image, profile.registry.address))),
        ("Namespace", f"{app.namespace} (cluster {profile.cluster.context or 'default'})" if profile.cluster.available else ""),
        ("Rights", f"iam role {app.role_name} in account {profile.aws.account}"),
    ]
    return tuple((name, value) for name, value in places if value)
