"""Deciding whose a channel or tax code is, and taking that back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.registry.acts import Act
from pledges.registry.claims import Verdict, give_identifiers_up, move_channels
from pledges.registry.counts import Count
from pledges.registry.matching import survivor
from pledges.registry.models import Entity, Standing
from pledges.registry.obligations import recompute_many
from pledges.registry.queries import obligations_of
from pledges.registry.search_documents import refresh
from pledges.signing.address_moves import Post
from pledges.signing.claims import decide_claim, said_why, take_dispute
from pledges.signing.covering import bind, covers_of
from pledges.signing.dispute_models import Dispute, DisputeState, Side
from pledges.signing.dispute_rules import OPEN, states_before
from pledges.signing.dispute_undoing import restore, standing_before
from pledges.signing.disputes import Key, Sides, addresses_of, sides_of, tell
from pledges.signing.states import settle

ENDS: dict[Verdict, tuple[str, str]] = {
    Verdict.SAME: ("same", "same"),
    Verdict.OTHER: ("others", "yours"),
    Verdict.OTHER_TAKES: ("yours", "others"),
    Verdict.BOTH: ("both", "both"),
    Verdict.NEITHER: ("neither", "neither"),
    Verdict.REJECTED: ("others", "yours"),
}
"""What the newer one and the registered one read of each verdict."""


def decide_dispute(
    session: Session, key: Key, verdict: Verdict, *, note: str, seen: int, staff: Staff, now: datetime, post: Post
) -> Dispute:
    """Decide, as the dispute was `seen`; both learn what it means for them, and neither learns who the other is."""
    dispute = session.get(Dispute, key)
    if dispute is None:
        raise NotFound
    require(staff, Action.DISPUTE_DECIDE, Place(key[0], dispute.agency_code))
    note = said_why(note)
    if dispute.revision != seen or dispute.state not in OPEN:
        raise Conflict(N_("Tranh chấp này vừa được xử lý hoặc vừa có giấy tờ mới. Chưa ghi gì thêm; hãy xem lại."))
    # A decision may make one of the two; each is told as who they were.
    addresses = {side: addresses_of(session, dispute, side) for side in Side}
    claim = session.get_one(Entity, (key[0], dispute.claim_id))
    if claim.standing is Standing.CLAIMED:
        _check_first(session, dispute, claim)
        decide_claim(session, (key[0], claim.id), verdict, note=note, staff=staff, now=now, seen=seen)
    else:
        sides = sides_of(session, dispute)
        take_dispute(session, dispute, verdict, note, staff, now, seen=seen)
        _decide_registered(session, dispute, sides, verdict, staff, now)
    session.refresh(dispute)
    for side, end in zip((Side.CLAIM, Side.OWNER), ENDS[verdict], strict=True):
        cause = f"{dispute.id}:{dispute.revision}"
        known = addresses[side]
        tell(session, dispute, side, "dispute_decided", cause=cause, now=now, post=post, addresses=known, end=end)
    return dispute


def merged_since(session: Session, dispute: Dispute) -> bool:
    """Whether the two have become one subject by merging."""
    claim = survivor(session, session.get_one(Entity, (dispute.province_code, dispute.claim_id)))
    return claim.id == _owner(session, dispute).id


def _check_first(session: Session, dispute: Dispute, claim: Entity) -> None:
    """A claim stands against one entity at a time: that one has to be decided before the others."""
    first = session.get(Entity, (dispute.province_code, claim.claims_entity_id)) if claim.claims_entity_id else None
    if first is not None and survivor(session, first).id != _owner(session, dispute).id:
        raise Conflict(
            N_("Bản tự kê khai này còn trùng với “%(name)s”. Hãy quyết định trường hợp đó trước."), name=first.name
        )


def _owner(session: Session, dispute: Dispute) -> Entity:
    return survivor(session, session.get_one(Entity, (dispute.province_code, dispute.owner_id)))


def _decide_registered(
    session: Session, dispute: Dispute, sides: Sides, verdict: Verdict, staff: Staff, now: datetime
) -> None:
    """Between two that are registered: what both name stays, goes over, or is nobody's."""
    if merged_since(session, dispute):
        # One subject by now: there is nothing left to give to either.
        if verdict is not Verdict.SAME:
            raise DomainError(N_("Hai bên đã được gộp thành một đối tượng. Hãy chọn kết luận đó."), field="verdict")
    elif verdict not in (Verdict.OTHER, Verdict.OTHER_TAKES, Verdict.BOTH, Verdict.NEITHER):
        raise DomainError(
            N_("Hai bên đều đã có trong danh sách. Nếu là một đối tượng, hãy gộp ở trang Trùng lặp."), field="verdict"
        )
    act = Act(session, dispute.province_code, actor_of(staff), now)
    if verdict is Verdict.SAME:
        act.record("dispute.decided", dispute.id, {"verdict": verdict.value})
        return
    dispute.before = standing_before(session, sides.claim, sides.owner, sides.pledges)
    counts: list[Count] = []
    if verdict in (Verdict.OTHER_TAKES, Verdict.NEITHER):
        taken = sides.owner.tax_code if sides.contested.tax_code else None
        give_identifiers_up(sides.owner, sides.contested)
        session.flush()
        to = sides.claim if verdict is Verdict.OTHER_TAKES else None
        if to is not None and taken is not None:
            to.tax_code = taken
        counts = move_channels(act, sides.contested.channels, to)
        both = [sides.claim.id, sides.owner.id]
        recompute_many(session, dispute.province_code, both, actor=act.actor, now=now)
        if to is not None:
            counts += _cover(act, sides)
    act.record("dispute.decided", dispute.id, {"verdict": verdict.value}, counts=counts)
    session.flush()
    refresh(session, dispute.province_code, {sides.claim.id, sides.owner.id})


def _cover(act: Act, sides: Sides) -> list[Count]:
    """The pledges of the newer one cover what has come to it, where nobody else's pledge holds it."""
    counts: list[Count] = []
    came = {channel.id for channel in sides.contested.channels}
    owed = [each.obligation for each in obligations_of(act.session, sides.claim)]
    for pledge in sides.pledges:
        covers = [cover for cover in covers_of(act.session, pledge) if cover.hold != "ended"]
        held = {cover.obligation_id for cover in covers}
        periods = {cover.entry_id: cover.period for cover in covers}
        wanted = [each for each in owed if each.id in held or (each.channel_id in came and each.entry_id in periods)]
        if {each.id for each in wanted} - held:
            bind(act.session, pledge, wanted, periods)
            counts += settle(act.session, pledge, now=act.now)
    return counts


def take_decision_back(session: Session, key: Key, *, seen: int, staff: Staff, now: datetime, post: Post) -> Dispute:
    """The dispute is open again and the register says what it said before, while nobody has built upon it."""
    dispute = session.get(Dispute, key)
    if dispute is None:
        raise NotFound
    require(staff, Action.DISPUTE_DECIDE, Place(key[0], dispute.agency_code))
    if not dispute.before and dispute.state is DisputeState.DECIDED:
        if dispute.verdict != Verdict.SAME:
            raise Conflict(N_("Không hoàn tác được nữa: dữ liệu trước quyết định này đã được xóa theo yêu cầu."))
        raise Conflict(N_("Hai bên đã được gộp từ trước quyết định này. Muốn tách ra, hãy hoàn tác ở trang Trùng lặp."))
    taken = session.execute(
        update(Dispute)
        .where(
            Dispute.province_code == key[0],
            Dispute.id == key[1],
            Dispute.state == DisputeState.DECIDED,
            Dispute.state.in_(states_before(DisputeState.OPEN)),
            Dispute.revision == seen,
        )
        .values(state=DisputeState.OPEN, revision=Dispute.revision + 1)
        .returning(Dispute.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Conflict(N_("Tranh chấp này vừa được xử lý hoặc vừa có giấy tờ mới. Chưa ghi gì thêm; hãy xem lại."))
    session.refresh(dispute)
    restore(Act(session, key[0], actor_of(staff), now), dispute)
    dispute = session.get_one(Dispute, key)
    dispute.verdict, dispute.note, dispute.decided_by, dispute.decided_at, dispute.before = "", "", None, None, {}
    session.flush()
    for side in Side:
        cause = f"{dispute.id}:{dispute.revision}"
        tell(session, dispute, side, "dispute_decided", cause=cause, now=now, post=post, end="open_again")
    return dispute
