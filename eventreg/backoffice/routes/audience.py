"""Who may come to an event: its policy, its long lists, and « why? » for any address."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from eventreg.backoffice import audience_words
from eventreg.backoffice.access import bp, event, filled
from eventreg.backoffice.audience_forms import (
    EntryForm,
    ListForm,
    PolicyForm,
    WhyForm,
    policy_texts,
)
from eventreg.eligibility import queries, services
from eventreg.eligibility.rules import Decision, Policy, policy_from_data, policy_of, policy_to_data
from eventreg.events import services as events
from eventreg.organisers.access import account
from eventreg.organisers.rules import Action
from eventreg.registration.services.reassessment import Lowered, lowered
from eventreg.shared.access import ORGANISER, access
from eventreg.shared.clock import utc_now
from eventreg.shared.db import transaction
from eventreg.shared.errors import DomainError, NotFound, Stale
from eventreg.shared.requests import takes_files

PEOPLE_SHOWN = 30
LINES_SHOWN = 50


@bp.route("/evenements/<slug>/public/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
def audience() -> ResponseReturnValue:
    """The policy. « See whom » changes nothing; saving changes no earlier decision."""
    form = filled(PolicyForm, **policy_texts(_start()), version=str(event().version))
    if request.method != "POST":
        return _policy_page(form)
    if not form.check():
        return _policy_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    act = request.form.get("act", "save")
    if act == "preview":
        return _policy_page(form, people=_excluded(form.policy), previewed=True)
    try:
        if act == "keep":
            _keep(form)
        else:
            _save(form)
    except Stale as refusal:
        form.show(refusal)
        form.version.data = str(event().version)
        form.version.raw_data = None
        return _policy_page(form), HTTPStatus.CONFLICT
    except DomainError as refusal:
        form.show(refusal)
        return _policy_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("backoffice.audience", slug=event().slug), HTTPStatus.SEE_OTHER)


def _present() -> Policy:
    return policy_of(event().audience, event().policy)


def _start() -> Policy:
    """What the form begins with: the event's policy, or a saved one that was asked for."""
    asked = request.args.get("modele", "")
    if request.method == "GET" and asked.isascii() and asked.isdecimal() and len(asked) < 10:
        saved = queries.saved_policy(int(asked))
        if saved is None:
            raise NotFound
        return policy_from_data(saved.data)
    return _present()


def _save(form: PolicyForm) -> None:
    policy = form.policy
    with transaction():
        events.change(
            events.locked(event().slug),
            {"audience": policy.audience, "policy": policy_to_data(policy)},
            actor=account().actor,
            now=utc_now(),
            version=form.version_seen,
        )
    flash(gettext("The conditions have been saved. Nobody's sign-up was changed."), "success")
    _, count = _excluded(policy)
    if count:
        flash(
            ngettext(
                "%(num)s person signed up before would no longer be accepted in the same way: see below.",
                "%(num)s people signed up before would no longer be accepted in the same way: see below.",
                count,
            ),
            "warning",
        )


def _keep(form: PolicyForm) -> None:
    with transaction():
        services.save_policy(form.name.data or "", form.policy, by=account().actor, now=utc_now())
    flash(
        gettext("These conditions are kept under this name, without anybody's address."), "success"
    )


def _excluded(policy: Policy) -> tuple[list[Lowered], int]:
    return lowered(event().id, policy, shown=PEOPLE_SHOWN)


def _policy_page(
    form: PolicyForm,
    *,
    people: tuple[list[Lowered], int] | None = None,
    previewed: bool = False,
) -> str:
    shown, total = people or _excluded(_present())
    return render_template(
        "backoffice/audience.html",
        event=event(),
        form=form,
        saved=queries.saved_policies(),
        counts=queries.list_counts(event().id),
        people=shown,
        total=total,
        previewed=previewed,
        audience_words=audience_words,
    )


@bp.post("/evenements/<slug>/public/modeles/<int:policy_id>/supprimer/")
@access(ORGANISER, Action.EDIT)
def delete_policy(policy_id: int) -> ResponseReturnValue:
    """Takes a saved policy away, by who made it or by an administrator."""
    found = queries.saved_policy(policy_id)
    if found is None or not (account().everywhere or found.made_by == account().actor):
        raise NotFound
    with transaction():
        services.delete_saved(policy_id, by=account().actor, now=utc_now())
    flash(gettext("The saved conditions are gone. Events that took them keep theirs."), "success")
    return redirect(url_for("backoffice.audience", slug=event().slug), HTTPStatus.SEE_OTHER)


@bp.route("/evenements/<slug>/public/listes/", methods=["GET", "POST"])
@access(ORGANISER, Action.EDIT)
@takes_files
def lists() -> ResponseReturnValue:
    """Long lists of addresses and domains, added to the short ones of the policy."""
    form = filled(ListForm, verdict="accepted")
    if request.method != "POST":
        return _lists_page(form)
    read = form.read() if form.validate_on_submit() else None
    if read is None:
        return _lists_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with transaction():
            now, actor, verdict = utc_now(), account().actor, str(form.verdict.data)
            counts = services.import_list(event().id, read, verdict=verdict, by=actor, now=now)
            count_on(verdict)
    except DomainError as refusal:
        form.show(refusal)
        return _lists_page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    total = sum(counts.values())
    flash(
        ngettext("%(num)s line is in the list.", "%(num)s lines are in the list.", total), "success"
    )
    if read.repeated:
        flash(
            ngettext(
                "%(num)s repeated line was read once.",
                "%(num)s repeated lines were read once.",
                read.repeated,
            ),
            "info",
        )
    return redirect(url_for("backoffice.lists", slug=event().slug), HTTPStatus.SEE_OTHER)


def count_on(verdict: str) -> None:
    """A list counts only when the policy says so: adding to it says so."""
    present = _present()
    word = {"accepted": "listed", "invited": "invited"}.get(verdict)
    who = present.who | ({word} if word else set())
    if event().policy is not None and who == present.who:
        return
    data = policy_to_data(present) | {"who": [w for w in audience_words.WHO if w in who]}
    changed = events.locked(event().slug)
    events.change(changed, {"policy": data}, actor=account().actor, now=utc_now())


@bp.post("/evenements/<slug>/public/listes/retirer/")
@access(ORGANISER, Action.EDIT)
def remove_from_lists() -> ResponseReturnValue:
    """One line, or a whole list."""
    form = EntryForm()
    if not form.validate_on_submit():
        return _lists_page(ListForm(formdata=None), form), HTTPStatus.UNPROCESSABLE_ENTITY
    now, actor, verdict = utc_now(), account().actor, str(form.verdict.data or "")
    try:
        with transaction():
            if verdict in audience_words.LISTS:
                services.remove_list(event().id, verdict, by=actor, now=now)
                gone = True
            else:
                entry = form.entry.data or ""
                gone = services.remove_entry(event().id, entry, by=actor, now=now)
    except DomainError as refusal:
        form.show(refusal)
        return _lists_page(ListForm(formdata=None), form), HTTPStatus.UNPROCESSABLE_ENTITY
    if gone:
        flash(gettext("It is no longer in the list."), "success")
    else:
        flash(gettext("No list of this event has this line."), "warning")
    return redirect(url_for("backoffice.lists", slug=event().slug), HTTPStatus.SEE_OTHER)


def _lists_page(form: ListForm, removal: EntryForm | None = None) -> str:
    counts = queries.list_counts(event().id)
    shown = {word: queries.list_entries(event().id, word, limit=LINES_SHOWN) for word in counts}
    return render_template(
        "backoffice/lists.html",
        event=event(),
        form=form,
        removal=removal or EntryForm(formdata=None),
        counts=counts,
        shown=shown,
        audience_words=audience_words,
    )


@bp.route("/evenements/<slug>/public/essai/", methods=["GET", "POST"])
@access(ORGANISER, Action.LOOK)
def why() -> ResponseReturnValue:
    """What the event would answer to an address, and why; the same as `eligibility check`.

    The address is sent in the form's body: it must not stay in logs and histories.
    """
    form = filled(WhyForm)
    status, decision = HTTPStatus.OK, None
    if request.method == "POST":
        if form.validate_on_submit():
            decision = _decision(form.email.data or "")
        else:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
    page = render_template("backoffice/why.html", event=event(), form=form, **explained(decision))
    return page, status


def _decision(text: str) -> Decision:
    address = text if "@" in text.removeprefix("@") else f"prenom.nom@{text.removeprefix('@')}"
    return services.decide(
        address,
        audience=event().audience,
        policy=event().policy,
        proven=True,
        event_id=event().id,
    )


def explained(decision: Decision | None) -> dict[str, Any]:
    """What the page of an answer needs."""
    if decision is None:
        return {"decision": None}
    return {
        "decision": decision,
        "answer": audience_words.OUTCOMES[str(decision.outcome)],
        "facts": audience_words.explained(decision),
    }
