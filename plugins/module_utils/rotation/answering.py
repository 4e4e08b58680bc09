# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the secrets' controls answer: off the plans, and from asking every door again with every credential found."""

from __future__ import annotations

from collections.abc import Iterable

from ..app import Resolution
from ..capability import Plan, Request, answers_of
from ..catalog.schema import PREVIOUS
from ..controls import Answer, State, merge
from ..errors import MicroappsError
from ..microapp import Context
from ..workload_identity.road import unasked
from .consumers import is_consumers
from .controls import (
    AGE,
    CONTROLS,
    DATABASE_LOGIN,
    DATABASES,
    FOUND_IS_DEAD,
    IDENTIFIED,
    IN_STORE,
    KEYS_OF_OTHERS,
    VENDOR_KEYS,
    control_of_kind,
)
from .found import Found, key_of
from .issuers.http_recipe import KEY, HttpRecipe
from .jobs import Sight
from .makers import value_keys
from .model import Document, holds


def answers(
    plans: Iterable[Plan], sights: Iterable[Sight], credentials: Iterable[Found], context: Context, request: Request
) -> tuple[Answer, ...]:
    """One answer for each control. In a converge run a credential counts as dead only after it was refused just now."""
    plans, sights = tuple(plans), tuple(sights)
    by_spec = {sight.job.spec.name: sight for sight in sights}
    profile = context.profile
    elsewhere = unasked(context.app, profile)
    given = list(answers_of(plans, (one for one in CONTROLS if one != IDENTIFIED or elsewhere is None), request.check))
    given += [elsewhere] if elsewhere else []
    switched = not any(is_consumers(plan) and (plan.failure or plan.refusals) for plan in plans)
    for found in credentials:
        sight = by_spec.get(found.spec.name) if found.spec else None
        try:
            if found.finding.is_dismissed:
                given += _none_after_all(found, sight, context, request)
            else:
                given += _dead(found, sight, context, request, switched)
        except MicroappsError as error:
            given.append(Answer(FOUND_IS_DEAD, State.NOT_REACHED, reason=error.sentence(), found="could not be told"))
    for sight in sights:
        given += _standing(sight)
    return tuple(merge(given).values())


def _dead(found: Found, sight: Sight | None, context: Context, request: Request, switched: bool) -> list[Answer]:
    if found.spec is None:
        return [_unassigned(found, context, request)]
    if sight is None:
        # Its secret could not be looked at: that plan's failure says why.
        return []
    if not sight.job.traits.target:
        return [_signing(found, sight, request, switched)]
    proof = (sight.plans[0].object,)
    controls = (FOUND_IS_DEAD, VENDOR_KEYS) if found.spec.kind in KEYS_OF_OTHERS else (FOUND_IS_DEAD,)
    if sight.job.issuer is None:
        return [_moved(control, found, sight, context) for control in controls]
    # Its public part too: the id of a key that is accepted stands for that key.
    live = [document for document in sight.live if found.value in document.values()]
    if not request.check:
        live = [document for document in live if sight.job.issuer.accepts(document)]
    if not live:
        return [Answer(control, State.IN_PLACE, proof, found=f"{found.place} is refused") for control in controls]
    reason = f"{found.place} still lets in whoever has it{_denied(found)}"
    if request.check and sight.retires and sight.job.traits.locks:
        return [Answer(control, State.DRIFTED, proof, reason=reason, found=reason) for control in controls]
    if not sight.job.traits.locks:
        reason += _lock(sight.job.issuer.object_of(live[0]))
        return [Answer(control, State.VIOLATED, proof, reason=reason, found=reason) for control in controls]
    if not sight.job.traits.makes:
        reason += f". Make a new key at the vendor, store it as {sight.job.name}, and revoke this one"
        return [Answer(control, State.VIOLATED, proof, reason=reason, found=reason) for control in controls]
    held = f"{reason}: {sight.held}" if sight.held else reason
    return [Answer(control, State.DRIFTED, proof, reason=held, found=held) for control in controls]


def _none_after_all(found: Found, sight: Sight | None, context: Context, request: Request) -> list[Answer]:
    """What a person calls no credential is believed to be none, unless somebody is let in with it."""
    if not _lets_in(found, sight, context, request):
        return []
    said = f" ({found.said.sentence()})" if found.said else ""
    reason = (
        f"{found.place} was said to be a false_positive{said}, and lets in whoever has it. Take {found.finding.fingerprint} "
        f"out of resolved_credentials in {context.app.file}, and run again"
    )
    proof = (sight.plans[0].object,) if sight else (f"catalog:{context.app.name}",)
    return [Answer(FOUND_IS_DEAD, State.VIOLATED, proof, reason=reason, found=reason)]


def _lets_in(found: Found, sight: Sight | None, context: Context, request: Request) -> bool:
    if sight is None:
        recipe = _recipe(found, context, request)
        return recipe is not None and recipe.accepts({KEY: found.value})
    is_current = holds(sight.current, {found.value})
    if is_current and not sight.rotating:
        return True
    if sight.job.issuer is None or not sight.job.traits.target:
        return False
    if request.check and sight.retires and (is_current or any(holds(one, {found.value}) for one in sight.former)):
        return False
    return bool(sight.job.issuer.found((found.value,)))


def _lock(login: str) -> str:
    return f". Nobody here has a right on the database: have its administrator lock {login} once the app is switched over"


def _moved(control: str, found: Found, sight: Sight, context: Context) -> Answer:
    proof = (sight.plans[0].object,)
    key = key_of(found, sight.job.spec)
    if sight.current is None or sight.current.get(key) == found.value:
        reason = (
            f"{found.place} is valid until its vendor replaces it. Make a new key there, store it as {sight.job.name} "
            f"(key {key}), revoke the old one, and add a recipe to the profile's vendors so that this can be done for you"
        )
        return Answer(control, State.VIOLATED, proof, reason=reason, found=reason)
    if found.said is not None:
        return _on_their_word(control, found, found.said, context)
    reason = (
        f"nobody has shown that {found.place} is refused. Add base_url and check_path to the profile's vendors"
        f"{_or_say_so(context)}"
    )
    return Answer(control, State.DRIFTED, proof, reason=reason, found=reason)


def _signing(found: Found, sight: Sight, request: Request, switched: bool) -> Answer:
    proof = (sight.plans[0].object,)
    if request.check and sight.rotating:
        reason = f"{found.place} signs for the running app"
        return Answer(FOUND_IS_DEAD, State.DRIFTED, proof, reason=reason, found=reason)
    if not sight.rotating and (sight.current is None or holds(sight.current, {found.value})):
        reason = f"{found.place} is what the app signs or encrypts with"
        return Answer(FOUND_IS_DEAD, State.VIOLATED, proof, reason=reason, found=reason)
    if not switched:
        reason = f"{found.place} signs for the app until it runs with the key of the store"
        return Answer(FOUND_IS_DEAD, State.DRIFTED, proof, reason=reason, found=reason)
    return Answer(FOUND_IS_DEAD, State.IN_PLACE, proof, found=f"{found.place} signs for nobody")


def _unassigned(found: Found, context: Context, request: Request) -> Answer:
    recipe = _recipe(found, context, request)
    if recipe is not None:
        if not recipe.accepts({KEY: found.value}):
            return Answer(FOUND_IS_DEAD, State.IN_PLACE, (f"vendor:{recipe.name}",), found=f"{found.place} is refused")
        reason = f"{found.place} is accepted by its vendor{_denied(found)}. Revoke it there"
    elif found.said is not None:
        return _on_their_word(FOUND_IS_DEAD, found, found.said, context)
    elif found.finding.standing == "signing_key":
        reason = f"{found.place} signs for the app. Add a secret of kind generated to its catalog entry, and run again"
    elif found.is_password:
        owner = context.app.owner
        reason = (
            f"{found.place} may still let somebody in. Change it where it is used: at the service that accepts it. Where nobody "
            f"knows which that is, ask the app's owner, {owner.name} ({owner.email}). Then say so{_where(context)}"
        )
    else:
        reason = (
            f"{found.place} may still be valid. Revoke it at its vendor, and add vendors.{found.finding.kind} "
            f"(base_url, check_path) to the profile, so that this can be shown{_or_say_so(context)}"
        )
    return Answer(FOUND_IS_DEAD, State.VIOLATED, reason=reason, found=reason)


def _recipe(found: Found, context: Context, request: Request) -> HttpRecipe | None:
    """The vendor's own check of its keys, where the profile knows one for this kind."""
    vendor = dict(context.profile.vendors).get(found.finding.kind)
    return HttpRecipe(found.finding.kind, vendor, KEY, request.secrets) if vendor is not None and vendor.check_path else None


def _on_their_word(control: str, found: Found, said: Resolution, context: Context) -> Answer:
    """Nobody here can try it. The word of a person who is named is proof of who answers for it, and is told as no more."""
    told = f"{found.place} is revoked by the word of a person, for nobody here can try it. {said.sentence()}"
    return Answer(control, State.IN_PLACE, (f"catalog:{context.app.name}",), found=told)


def _denied(found: Found) -> str:
    return f", though it was said to be revoked ({found.said.sentence()})" if found.said else ""


def _or_say_so(context: Context) -> str:
    return f"; or, once it is revoked, say so{_where(context)}"


def _where(context: Context) -> str:
    return (
        f" under resolved_credentials in {context.app.file} (its fingerprint is in triage.json), or that it is a false_positive "
        "if it never was a credential"
    )


def _standing(sight: Sight) -> list[Answer]:
    given = []
    proof = (sight.plans[0].object,)
    is_database = sight.job.spec.kind in DATABASES
    for key, variable in _lacking(sight):
        reason = f"{sight.job.name} has no {key}, which the app reads as {variable}. Add this key to its JSON document"
        given.append(Answer(IN_STORE, State.VIOLATED, proof, reason=reason, found=reason))
    if sight.job.issuer is not None and not sight.job.traits.locks:
        # Those that stand in the code are told of by their own control.
        for former in (one for one in sight.former if "password" in one and one not in sight.live):
            login = sight.job.issuer.object_of(former)
            reason = f"the former value of {sight.job.name} still lets in{_lock(login)}"
            given.append(Answer(DATABASE_LOGIN, State.VIOLATED, proof, reason=reason, found=reason))
    if sight.held and sight.job.traits.target:
        control = control_of_kind(sight.job.spec.kind)
        given.append(Answer(control, State.DRIFTED, proof, reason=sight.held, found=sight.held))
    if "days old" in sight.due and not sight.rotating:
        reason = f"{sight.job.name}: {sight.due}. {_by_a_person(sight)}"
        given.append(Answer(AGE, State.VIOLATED, proof, reason=reason, found=reason))
    if is_database and not sight.accepted and not sight.writes:
        when = _written(sight)
        reason = (
            f"the database refuses the value of {sight.job.name} that somebody stored{when}; it was not overwritten. "
            "Store one that works, or ask for a rotation (playbook goldenpath.microapps.rotate)"
        )
        given.append(Answer(DATABASE_LOGIN, State.VIOLATED, proof, reason=reason, found=reason))
    return given


def _by_a_person(sight: Sight) -> str:
    if sight.job.spec.kind == "generated":
        return f"Have its data encrypted anew, and ask for a new key (rotate: now, secret: {sight.job.spec.name})"
    return "Replace it at its vendor and store the new value"


def _lacking(sight: Sight) -> tuple[tuple[str, str], ...]:
    """What the app reads of a stored document, and neither the document has nor this run gives it.

    Of logins and access keys the issuer fills every key that the catalog allows. What is not stored at all is told by its plan.
    """
    job = sight.job
    document: Document = sight.current or sight.first or {}
    if job.spec.kind not in ("api_key", "generated") or not (document or sight.rotating):
        return ()
    made = {value_keys(job.spec)[0], PREVIOUS} if sight.rotating else set()
    return tuple((key, variable) for key, variable in job.spec.variables if key not in {*document, *made})


def _written(sight: Sight) -> str:
    return f" on {sight.created:%Y-%m-%d at %H:%M}" if sight.created else ""
