# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbook shows hostile text as it was written, in both formats, and says the same twice for the same state."""

from __future__ import annotations

import dataclasses
import html.parser
import os
import pathlib
import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import (
    App,
    Contact,
    Database,
    DataClass,
    Exposure,
    Integration,
    Owner,
    Repository,
    SecretSpec,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Answer, Path, State
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.rules import rules_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    Cluster,
    DatabaseServer,
    Forge,
    MysqlServer,
    Profile,
    Registry,
    Runner,
    SecretStore,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.runbook import html as html_page
from ansible_collections.goldenpath.microapps.plugins.module_utils.runbook import markdown, named
from ansible_collections.goldenpath.microapps.plugins.module_utils.runbook.page import Here, page_of, shortened
from ansible_collections.goldenpath.microapps.plugins.module_utils.runbook.people import lacks
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

HOSTILE = (
    "<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://evil.example/p.png) `rm -rf` **bold** _i_ | cell | # head "
    "<!-- {{ 7*7 }} https://evil.example :tada: www.evil.example ~~gone~~ &lt; $x$ \\ \"quoted\" 'single'"
)
APP = App(
    name="where2eat",
    environment="prod",
    title="Where2Eat",
    description="Finds a table.",
    owner=Owner("dining-club", "Ada", "ada@example.com", "dining-club"),
    escalation=(Contact("Ada", "ada@example.com", "+1 555"), Contact("On call", "oncall@example.com")),
    maintainer=Contact("Charles", "charles@example.com"),
    repository=Repository("https://git.example.com/where2eat.git"),
    image="where2eat",
    runtime="python",
    data=DataClass.PERSONAL,
    exposure=Exposure.PUBLIC,
    peak_users=150,
    monthly_cost=60,
    currency="EUR",
    cost_center="CC-1",
    environments=("prod",),
    integrations=(Integration("restaurants", "api.restaurants.example"),),
    database=Database("postgresql", "where2eat"),
    secrets=(SecretSpec("database", "postgresql", ()),),
    impact="Nobody finds a table.",
)
PROFILE = Profile(
    name="prod",
    aws=Aws("123456789012", "eu-west-1"),
    database=DatabaseServer("db.example.com"),
    registry=Registry("registry.example.com"),
    cluster=Cluster(context="prod"),
)
RUNS = Here(True)
VERDICT = Verdict(Path.FULL, 60, (), (), {}, (), (), "c")
HOSTILE_APP = dataclasses.replace(
    APP,
    title=HOSTILE,
    description=HOSTILE,
    impact=HOSTILE,
    owner=dataclasses.replace(APP.owner, name=HOSTILE),
    escalation=(Contact(HOSTILE, "a@example.com", "1"),),
    maintainer=Contact(HOSTILE, "b@example.com"),
)


def page(app: App = APP, profile: Profile = PROFILE, here: Here = RUNS):
    return page_of(app, profile, VERDICT, rules_of(app, profile, VERDICT), here)


class Reader(html.parser.HTMLParser):
    """What a browser would make of the page: its elements, ids and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        named = dict(attrs)
        self.ids.append(named.get("id") or "")
        self.links.append(named.get("href") or named.get("src") or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_adds_no_element_and_is_shown_as_written() -> None:
    plain, hostile = Reader(html_page.render(page())), Reader(html_page.render(page(HOSTILE_APP)))
    # One contact fewer than the plain app: a row of four cells.
    assert sorted(set(hostile.elements)) == sorted(set(plain.elements))
    assert len(hostile.elements) == len(plain.elements) - 5
    assert [link for link in hostile.links if "evil" in link or "javascript" in link] == []
    assert HOSTILE in hostile.text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain words, with commas; and (brackets)", "plain words, with commas; and (brackets)"),
        ("a\n# b\n- c", r"a \# b - c"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("+ item", r"\+ item"),
        ("[a](b)", r"\[a\](b)"),
        ("<b>", r"\<b\>"),
        ("&lt;", r"\&lt;"),
        ("a|b", r"a\|b"),
        ("https://x.example", r"https\://x.example"),
        ("www.x.example", r"www\.x.example"),
        (":tada:", r"\:tada:"),
        ("at 12:30", "at 12:30"),
        ("\\*", r"\\\*"),
    ],
)
def test_markdown_text(given: str, shown: str) -> None:
    assert markdown.text(given) == shown


@given(some.text())
def test_markdown_code_and_blocks_cannot_be_left(value: str) -> None:
    span = markdown.code(value)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.count(fence) == 2 or not value.strip()
    lines = markdown.block(value).split("\n")
    assert not any(line.strip() == lines[-1] for line in lines[1:-1])


def test_markdown_of_hostile_text_has_the_same_structure() -> None:
    def structure(text: str) -> list[str]:
        return [line.split(" ")[0] for line in text.splitlines() if line.startswith(("#", "-", "```", "|", "1."))]

    app = dataclasses.replace(HOSTILE_APP, escalation=(Contact(HOSTILE, "a@example.com", "1"), Contact(HOSTILE, "c@example.com")))
    assert structure(markdown.render(page(app))) == structure(markdown.render(page()))


def test_the_same_state_gives_the_same_bytes() -> None:
    assert html_page.render(page()) == html_page.render(page())
    assert markdown.render(page()) == markdown.render(page())


def test_every_alert_has_its_place_in_both_formats() -> None:
    rules = rules_of(APP, PROFILE, VERDICT)
    ids = Reader(html_page.render(page())).ids
    headings = [line.removeprefix("### ").lower() for line in markdown.render(page()).splitlines() if line.startswith("### ")]
    assert [rule.anchor for rule in rules] == headings
    assert [found for found in ids if found] == headings


def test_the_page_loads_nothing_and_holds_no_time() -> None:
    text = html_page.render(page())
    assert "default-src 'none'" in html.unescape(text)
    assert {"script", "link", "img", "iframe"}.isdisjoint(Reader(text).elements)


@pytest.mark.parametrize("kind", ["kubernetes", "supervisor"])
def test_commands_are_quoted_and_name_real_things(kind: str) -> None:
    profile = dataclasses.replace(PROFILE, runner=Runner(kind, "/state folder/s.sock", "/state folder/apps"))
    commands = [step.command for step in page(APP, profile).steps if step.command]
    assert len(commands) == 7
    for command in "\n".join(commands).splitlines():
        words = shlex.split(command)
        assert shlex.join(words) == command
    assert any("where2eat-prod" in command for command in commands) is (kind == "kubernetes")
    assert any("'unix:///state folder/s.sock'" in command for command in commands) is (kind == "supervisor")


@pytest.mark.parametrize(("kind", "told"), [("kubernetes", True), ("supervisor", False)])
def test_whoever_may_not_change_what_runs_is_told_what_to_do_instead(kind: str, told: bool) -> None:
    profile = dataclasses.replace(PROFILE, runner=Runner(kind, "/state/s.sock", "/state/apps"))
    steps = {step.title: step.text for step in page(APP, profile).steps}
    # The tenancy's Role lets the owner's group delete pods; on the full path it changes no deployment.
    assert ("pods instead" in steps["Restart."], "forbidden" in steps["Roll back."]) == (told, told)


SOMEBODY = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ALONE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **SOMEBODY}


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True, env=ALONE).stdout


@pytest.mark.parametrize("merged", [False, True])
def test_the_newest_change_is_taken_back_as_the_page_says_however_it_came(tmp_path: pathlib.Path, merged: bool) -> None:
    """A merge as well: git revert refuses one, and a forge makes one of every pull request."""
    forge = tmp_path / "forge"
    repository, work = str(forge / "where2eat.git"), str(tmp_path / "work")
    git("init", "-q", "--bare", repository)
    git("clone", "-q", repository, work)
    for name, switch in (("good", ("-b", "main")), ("bad", ("-b", "change")), ("worse", ("change",))):
        git("-C", work, "checkout", "-q", *switch)
        (tmp_path / "work" / name).touch()
        git("-C", work, "add", "-A")
        git("-C", work, "commit", "-q", "-m", name)
    git("-C", work, "checkout", "-q", "main")
    git("-C", work, "merge", "-q", *(("--no-ff", "--no-edit") if merged else ("--squash",)), "change")
    if not merged:
        git("-C", work, "commit", "-q", "-m", "squashed")
    git("-C", work, "push", "-q", "origin", "main")
    profile = dataclasses.replace(PROFILE, runner=Runner("supervisor"), forge=Forge(base=str(forge)))
    (back,) = (step.command for step in page(APP, profile).steps if step.title == "Roll back.")
    subprocess.run(["sh", "-ec", back], check=True, cwd=tmp_path, env=ALONE)
    assert git("-C", repository, "ls-tree", "--name-only", "main").split() == ["good"]
    assert "bad" in git("-C", repository, "ls-tree", "--name-only", "main~1"), "and it stays in the history"
    # Once more from the same folder, after somebody else's next change.
    git("-C", work, "pull", "-q", "origin", "main")
    (tmp_path / "work" / "ugly").touch()
    git("-C", work, "add", "-A")
    git("-C", work, "commit", "-q", "-m", "ugly")
    git("-C", work, "push", "-q", "origin", "main")
    subprocess.run(["sh", "-ec", back], check=True, cwd=tmp_path, env=ALONE)
    assert git("-C", repository, "ls-tree", "--name-only", "main").split() == ["good"]


def test_in_the_sandbox_the_logs_are_the_file_that_holds_both_outputs() -> None:
    profile = dataclasses.replace(PROFILE, runner=Runner("supervisor", control="/s/supervisor.sock"))
    for here, wanted in ((Here(True, python="/p"), "tail -n 200 /s/logs/app-where2eat.log"), (RUNS, "tail app-where2eat")):
        (logs,) = (step.command for step in page(APP, profile, here).steps if step.title == "Logs.")
        assert logs.endswith(wanted)


def test_in_the_sandbox_our_programs_are_named_as_any_shell_finds_them() -> None:
    profile = dataclasses.replace(PROFILE, runner=Runner("supervisor", "/state/s.sock", "/state/apps"), embedded=True)
    made = page(profile=profile, here=Here(True, "http://127.0.0.1:8000", "/my venv/bin/python", "/my checkout/inventories/prod"))
    lines = "\n".join(step.command for step in made.steps).splitlines()
    supervised = [shlex.split(line) for line in lines if "supervisor" in line]
    assert len(supervised) == 2
    python = ["/my venv/bin/python", "-P", "-m"]
    assert all(words[:4] == [*python, "supervisor.supervisorctl"] for words in supervised)
    (road,) = (shlex.split(line) for line in lines if "goldenpath.microapps.harden" in line)
    inventory = ["-i", "/my checkout/inventories/prod", "-e", "app=where2eat"]
    assert road == [*python, "ansible", "playbook", "goldenpath.microapps.harden", *inventory]
    assert not any(line.startswith(("supervisorctl", "ansible-playbook")) for line in lines)


def test_the_address_is_where_the_app_answers_in_this_environment() -> None:
    app = dataclasses.replace(APP, hostname="where2eat.apps.example.com")
    supervised = dataclasses.replace(PROFILE, runner=Runner("supervisor", "/state/s.sock", "/state/apps"))
    assert page(app).address == "https://where2eat.apps.example.com"
    assert page(app, supervised, Here(True, "http://127.0.0.1:8000")).address == "http://127.0.0.1:8000"
    nowhere = page(app, supervised, Here(False))
    assert nowhere.address == ""
    assert "where2eat.apps.example.com" not in html_page.render(nowhere) + markdown.render(nowhere)


@pytest.mark.parametrize("kind", ["kubernetes", "supervisor"])
def test_where_the_platform_does_not_run_the_app_no_command_acts_on_it_and_somebody_is_named_to_ask(kind: str) -> None:
    profile = dataclasses.replace(PROFILE, runner=Runner(kind, "/s.sock", "/apps"), cluster=Cluster(available=False))
    made = page(profile=profile, here=Here(False))
    commands = "\n".join(step.command for step in made.steps)
    assert not any(program in commands for program in ("supervisorctl", "kubectl", "curl"))
    (who,) = (step for step in made.steps if "Restart." in step.title)
    assert "does not run this app in prod" in who.text and "Charles (charles@example.com)" in who.text and "impact" in who.text
    assert "Namespace" not in dict(made.places)
    assert "asks whoever runs the app to restart it" in " ".join(step.text for step in made.steps)


@pytest.mark.parametrize("run_here", [True, False])
def test_every_see_of_an_alert_leads_to_a_step(run_here: bool) -> None:
    made = page(here=Here(run_here))
    titles = " ".join(step.title for step in made.steps)
    named = {name for alarm in made.alarms for step in alarm.steps for name in re.findall(r"\(see ([^)]+)\)", step)}
    assert named and all(f"{name}." in titles for name in named)


def test_an_app_that_keeps_its_data_in_a_file_is_not_restarted_without_a_word() -> None:
    steps = {step.title: step for step in page(dataclasses.replace(APP, database=Database("sqlite", "d"))).steps}
    assert "loses" in steps["Restart."].text and "maintainer" in steps["Restart."].text
    assert "SQLite" in steps["Data lost or wrong."].text and "platform team" not in steps["Data lost or wrong."].text
    assert {step.title: step for step in page().steps}["Restart."].text.startswith("Harmless")


def test_an_app_without_database_and_secrets_has_no_steps_for_them() -> None:
    bare = dataclasses.replace(APP, database=None, secrets=(), integrations=())
    made = page(bare)
    assert len(made.steps) == 5
    assert ("Needs", "nothing else") in made.facts
    assert not any("Database" in alarm.name for alarm in made.alarms)


@pytest.mark.parametrize(
    ("database", "saves", "loads"),
    [
        (Database("postgresql", "d"), "pg_dump -h db.example.com -p 5432 -U postgres ", "pg_restore -h db.example.com "),
        (Database("mysql", "d"), "mysqldump -h my.example.com -P 3307 -u rotator -p ", "mysql -h my.example.com -P 3307 "),
        (Database("mariadb", "d"), "mariadb-dump -h my.example.com ", "mariadb -h my.example.com "),
        (Database("mysql", "d", "other.example.com", 3306), "mysqldump -h other.example.com -P 3306 ", "mysql -h other"),
    ],
)
def test_lost_data_is_loaded_by_the_programs_of_the_apps_own_database(database: Database, saves: str, loads: str) -> None:
    profile = dataclasses.replace(PROFILE, mysql=MysqlServer("my.example.com", 3307, "rotator"))
    (step,) = (one for one in page(dataclasses.replace(APP, database=database), profile).steps if "lost" in one.title)
    save, load = step.command.splitlines()
    assert save.startswith(saves) and load.startswith(loads)


@pytest.mark.parametrize("database", [Database("mysql", "d"), Database("mongodb", "d", "m.example.com"), Database("sqlite", "d")])
def test_where_nobody_has_told_of_the_server_no_command_is_made_up(database: Database) -> None:
    (step,) = (one for one in page(dataclasses.replace(APP, database=database)).steps if "lost" in one.title)
    assert not step.command and step.text.endswith("copy.")


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [("one two three", 20, "one two three"), ("one two three", 9, "one two…"), ("one, two", 6, "one…"), (" a\n b ", 9, "a b")],
)
def test_shortened(text: str, longest: int, short: str) -> None:
    assert shortened(text, longest) == short
    assert len(short) <= longest


@pytest.mark.parametrize(
    ("escalation", "full", "complaints"),
    [
        ((Contact("a", "a@x", "1"), Contact("b", "b@x")), True, []),
        ((Contact("a", "a@x"), Contact("b", "b@x")), True, ["Nobody can be called at night"]),
        ((Contact("a", "a@x", "1"), Contact("again", "A@x")), True, ["Only one person can be called"]),
        ((Contact("a", "a@x"),), False, []),
        ((), False, ["Nobody can be called about this app"]),
    ],
)
def test_people_who_can_be_reached(escalation: tuple[Contact, ...], full: bool, complaints: list[str]) -> None:
    found = lacks(dataclasses.replace(APP, escalation=escalation), full, "runbook-01")
    assert [refusal.what for refusal in found] == complaints


def answered(state: State, *proof: str) -> Answer:
    return Answer("x-01", state, proof)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([answered(State.IN_PLACE, "NetworkPolicy/where2eat-prod/deny")], State.IN_PLACE),
        ([answered(State.IN_PLACE, "Namespace/where2eat-prod")], State.IN_PLACE),
        # Part of a longer name is another name.
        ([answered(State.IN_PLACE, "Namespace/where2eat-prod-2")], State.NOT_REACHED),
        ([answered(State.NOT_REACHED, "Namespace/where2eat-prod")], State.NOT_REACHED),
        ([answered(State.DRIFTED, "Namespace/where2eat-prod")], State.DRIFTED),
        (
            [answered(State.DRIFTED, "Namespace/where2eat-prod"), answered(State.IN_PLACE, "Quota/where2eat-prod/q")],
            State.IN_PLACE,
        ),
        # Something about it is violated: it is there.
        ([answered(State.VIOLATED, "Namespace/where2eat-prod")], State.IN_PLACE),
        ([], State.NOT_REACHED),
    ],
)
def test_what_the_commands_name_is_told_from_proofs(answers: list[Answer], state: State) -> None:
    assert named.answer("runbook-03", ("where2eat-prod",), answers).state is state


def test_without_a_cluster_its_namespace_is_not_asked_for() -> None:
    profile = dataclasses.replace(PROFILE, cluster=Cluster(available=False))
    assert "where2eat-prod" not in named.names_of(APP, profile)


@pytest.mark.parametrize(
    ("store", "command"),
    [
        (
            SecretStore("azure_keyvault", "https://acme-dev.vault.azure.net"),
            "az keyvault secret list-versions --vault-name=acme-dev --name=microapps--prod--where2eat--database",
        ),
        (
            SecretStore("gcp_secretmanager", project="acme-dev"),
            "gcloud secrets versions list microapps_prod_where2eat_database --project=acme-dev",
        ),
    ],
)
def test_whoever_looks_what_is_stored_is_given_the_stores_own_command(store: SecretStore, command: str) -> None:
    assert command in Reader(html_page.render(page(profile=dataclasses.replace(PROFILE, secret_store=store)))).text
