"""The method of equal shares with its completions. Pure and exact.

Rule: Peters, Pierczyński, Skowron, "Proportional Participatory Budgeting with Additive
Utilities" (NeurIPS 2021), completed by add-one as recommended at equalshares.net, then by
utilitarian greedy (voting.md, method ``budget`` and "Settled points"). Measures are known by their
place on the list (0, 1 …), amounts are whole euros, shares are exact fractions of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import accumulate
from math import fsum, gcd, inf, lcm
from operator import itemgetter, mul

Votes = Sequence[Mapping[int, int]]
"""For each seat with a ballot: the measures that it supports, and with how many points."""

CLOSE = 1e-9
"""Below this relative distance two numbers of 53 bits are compared again as exact ones."""

NOISE = 1e-12
"""More than what rounding adds to a slope, or to what many seats have together."""

MANY = 64
"""From so many groups on, what a measure costs them is first estimated from below."""

ROUGH = 1e-10
"""More than what rounding takes from a long sum."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A measure that is paid, and why.

    ``price``: euros for each point of those who paid in full; ``full`` of the ``seats`` that
    support it did, the others gave all that they had left. After the shares are used up, greedy
    picks have no price. ``tie`` names the rule that decided among equals: ``seats``, ``cost``,
    ``place``, or nothing where there was no equal.
    """

    measure: int
    seats: int
    full: int
    price: Fraction | None
    tie: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``share``: what each seat had at last, in euros; ``raised``: how many of them by add-one."""

    picks: tuple[Pick, ...]
    share: Fraction
    raised: int


def equal_shares(costs: Sequence[int], votes: Votes, budget: int, many: int = MANY) -> Outcome:
    """Choose measures for the budget; never more than it, never what nobody supports.

    The next share that is tried is the first one at which anything can change. The outcome is
    that of raising it euro by euro (``tests/test_method_budget.py`` compares the two).
    """
    if not votes:
        return Outcome((), Fraction(0), 0)
    count = Shares(costs, votes, budget, many)
    share = Fraction(budget, len(votes))
    raised, run = 0, count.run(share)
    while count.fits(run):
        following = count.run(share + raised + run.steps)
        if count.spent(following) > budget:
            if run.steps > 1:
                raised += run.steps - 1
                run = count.run(share + raised)
            break
        raised, run = raised + run.steps, following
    return Outcome((*run.picks, *count.greedy(run)), share + raised, raised)


@dataclass(frozen=True, slots=True)
class Run:
    """One run with one share. ``steps``: by how many euros it may be raised until anything
    (a pick, or who pays in full) can change; at least 1, the changed one included."""

    picks: tuple[Pick, ...]
    steps: int


@dataclass(slots=True)
class Offer:
    """What is known of a measure in a run: the least that it can cost its supporters.

    ``rho`` is euros for each euro of utility, exact as ``rest / (points * scale * cost)`` while
    fresh. It only grows from round to round. As the share is raised by t euros, it is at least
    ``rho + slope * t``, because it is convex in t; and it can be paid from ``payable`` on.
    """

    rho: float
    slope: float = 0.0
    payable: float = 0.0
    rest: int = 0
    points: int = 1
    poor: int = 0
    """How many groups, the poorest first, give all that they have left."""
    fresh: int = -1
    guessed: int = -1
    order: Sequence[int] = ()


class Supporters:
    """The groups that support a measure, in rounded numbers. ``of`` takes what they have out of a
    list of all groups."""

    def __init__(self, given: Mapping[int, int], sizes: Sequence[int]) -> None:
        self.of: Callable[[Sequence[float]], tuple[float, ...]] = itemgetter(*given)
        self.sizes = [sizes[group] for group in given]
        self.inverse = [1.0 / value for value in given.values()]
        self.points = [value * sizes[group] for group, value in given.items()]
        self.alike = set(self.sizes) == {1} == set(given.values())

    def poorest_first(self, purse: Purse) -> tuple[Sequence[float], Sequence[float], Sequence[int]]:
        """What they have for each point, what they have, and how many points went before (and
        at last, all)."""
        has = self.of(purse.has)
        if self.alike:
            ratios = sorted(has)
            return ratios, ratios, range(len(ratios) + 1)
        ratios = list(map(mul, has, self.inverse))
        in_order = itemgetter(*sorted(range(len(ratios)), key=ratios.__getitem__))
        points = list(accumulate(in_order(self.points), initial=0))
        return in_order(ratios), in_order(self.of(purse.held)), points

    def gain_of_poorest(self, number: int, purse: Purse) -> float:
        """How many euros more so many of the poorest would have for each euro of raise."""
        ratios, gains = list(map(mul, self.of(purse.has), self.inverse)), self.of(purse.gains)
        poorest = sorted(range(len(ratios)), key=ratios.__getitem__)[:number]
        return fsum(gains[at] * self.sizes[at] for at in poorest)


class Shares:
    """The measures that can be paid and are supported, with their supporters.

    Seats with equal ballots pay alike and are one group.
    """

    def __init__(self, costs: Sequence[int], votes: Votes, budget: int, many: int = MANY) -> None:
        self.costs, self.budget = costs, budget
        groups = Counter(frozenset((m, v) for m, v in seat.items() if v > 0) for seat in votes)
        self.sizes = list(groups.values())
        self.support: dict[int, dict[int, int]] = {}
        for group, ballot in enumerate(groups):
            for measure, value in ballot:
                if costs[measure] <= budget:
                    self.support.setdefault(measure, {})[group] = value
        sizes = self.sizes
        self.points = {
            m: sum(value * sizes[g] for g, value in given.items())
            for m, given in self.support.items()
        }
        self.seats = {m: sum(sizes[g] for g in given) for m, given in self.support.items()}
        self.plain = {m for m, given in self.support.items() if len(set(given.values())) == 1}
        self.many = {
            m: Supporters(given, sizes) for m, given in self.support.items() if len(given) >= many
        }
        self.whole = lcm(*{v for given in self.support.values() for v in given.values()})

    def spent(self, run: Run) -> int:
        """What the picks cost together."""
        return sum(self.costs[p.measure] for p in run.picks)

    def fits(self, run: Run) -> bool:
        """Whether a supported measure that was not picked could be paid from what is left."""
        left = self.budget - self.spent(run)
        picked = {p.measure for p in run.picks}
        return any(self.costs[m] <= left for m in self.support if m not in picked)

    def greedy(self, run: Run) -> tuple[Pick, ...]:
        """What is left goes to more seats, then lower cost, then the place on the list."""
        left = self.budget - self.spent(run)
        picked = {p.measure for p in run.picks}
        rest = sorted((m for m in self.support if m not in picked), key=self._before)
        picks = []
        for at, measure in enumerate(rest):
            if self.costs[measure] > left:
                continue
            equals = [m for m in rest[at + 1 :] if self.costs[m] <= left]
            picks.append(Pick(measure, self.seats[measure], 0, None, self._tie(measure, equals)))
            left -= self.costs[measure]
        return tuple(picks)

    def _before(self, measure: int) -> tuple[int, int, int]:
        return -self.seats[measure], self.costs[measure], measure

    def _tie(self, picked: int, others: Sequence[int]) -> str:
        """By which rule it goes before the others that have as many seats."""
        rivals = [m for m in others if m != picked and self.seats[m] == self.seats[picked]]
        if not rivals:
            return ""
        return "cost" if all(self.costs[m] > self.costs[picked] for m in rivals) else "place"

    # --- one run -----------------------------------------------------------------------------

    def run(self, share: Fraction) -> Run:
        """Pay, round by round, what costs its supporters least for each euro of utility."""
        purse = Purse(share, self.sizes)
        offers = {m: Offer(1 / self.points[m]) for m in self.support}
        heap = [(offer.rho, m) for m, offer in offers.items()]
        heapify(heap)
        picks: list[Pick] = []
        spent, until = 0, inf
        while spent <= self.budget:
            best = self._cheapest(purse, offers, heap, len(picks), until >= 1)
            if not best:
                if until >= 1:
                    until = min([until, *(self._payable(m, purse) for m in offers)])
                break
            picked = min(best, key=self._before)
            for measure in best:
                if measure != picked:
                    heappush(heap, (offers[measure].rho, measure))
            offer = offers.pop(picked)
            picks.append(self._pick(picked, offer, best, purse))
            if until >= 1:
                turn = len(picks) - 1
                until = self._unchanged(picked, offer, offers, purse, turn, until)
            self._pay(picked, offer, purse)
            spent += self.costs[picked]
        return Run(tuple(picks), _whole_steps(until))

    def _cheapest(
        self,
        purse: Purse,
        offers: dict[int, Offer],
        heap: list[tuple[float, int]],
        turn: int,
        searching: bool,
    ) -> list[int]:
        """All measures that cost least, equal to the last digit; the others stay on the heap."""
        seen: list[int] = []
        limit = inf
        while heap and heap[0][0] <= limit:
            measure = heappop(heap)[1]
            # Money only becomes less: what cannot be paid now cannot be paid later in this run.
            if measure in self.many and offers[measure].guessed != turn:
                if self._guess(measure, offers[measure], purse, turn, searching):
                    heappush(heap, (offers[measure].rho, measure))
            elif self._look(measure, offers[measure], purse, turn):
                seen.append(measure)
                limit = min(limit, offers[measure].rho * (1 + CLOSE))
        best: list[int] = []
        for measure in seen:
            order = self._compare(measure, best[0], offers) if best else 0
            if order < 0:
                for other in best:
                    heappush(heap, (offers[other].rho, other))
                best = [measure]
            elif order == 0:
                best.append(measure)
            else:
                heappush(heap, (offers[measure].rho, measure))
        return best

    def _compare(self, one: int, other: int, offers: Mapping[int, Offer]) -> int:
        """Below 0 if the one costs less for each euro of utility, 0 if as much. Exact."""
        a, b = offers[one], offers[other]
        return a.rest * b.points * self.costs[other] - b.rest * a.points * self.costs[one]

    def _guess(self, measure: int, offer: Offer, purse: Purse, turn: int, searching: bool) -> bool:
        """A lower bound of what the measure costs now, in rounded numbers; False if its
        supporters certainly have too little.

        Whoever is taken for poor: the others cannot pay less than what these do not. The slope
        is only found while ``searching`` for how long the run stays as it is.
        """
        who, cost = self.many[measure], self.costs[measure]
        ratios, held, points = who.poorest_first(purse)
        sums = list(accumulate(held, initial=0.0))
        offer.guessed = turn
        lacks = cost * (1 - ROUGH) - sums[-1]
        if lacks > 0.0:
            offer.fresh = turn
            gain = fsum(map(mul, who.of(purse.gains), who.sizes)) if searching else 0.0
            offer.payable = _quotient(lacks, gain)
            return False

        def pays(at: int) -> bool:
            return sums[at] + ratios[at] * (points[-1] - points[at]) >= cost

        poor = min(bisect_left(range(len(ratios)), True, key=pays), len(ratios) - 1)
        left, rest = points[-1] - points[poor], cost * (1 - ROUGH) - sums[poor]
        rho = rest / (left * cost)
        if rho > offer.rho:
            offer.rho = rho
            if searching:
                gain = who.gain_of_poorest(poor, purse)
                offer.slope = -gain / (left * cost)
        return True

    def _look(self, measure: int, offer: Offer, purse: Purse, turn: int) -> bool:
        """What the measure costs now; False if its supporters have too little."""
        if offer.fresh == turn:
            return offer.payable == 0.0
        money, sizes, given = purse.money, self.sizes, self.support[measure]
        rest, points = self.costs[measure] * purse.unit, self.points[measure]
        gain, poor = 0.0, 0
        offer.fresh = turn
        if measure in self.plain:
            order = sorted(given, key=money.__getitem__)
        else:
            order = sorted(given, key=lambda g: money[g] * (self.whole // given[g]))
        for group in order:
            if money[group] * points >= rest * given[group]:
                break
            rest -= money[group] * sizes[group]
            points -= given[group] * sizes[group]
            gain += purse.gains[group] * sizes[group]
            poor += 1
        else:
            offer.payable = _quotient(rest / purse.unit, gain)
            return False
        offer.order, offer.poor, offer.rest, offer.points = order, poor, rest, points
        offer.rho = rest / (points * purse.unit * self.costs[measure])
        offer.slope = -gain / (points * self.costs[measure])
        offer.payable = 0.0
        return True

    def _pay(self, picked: int, offer: Offer, purse: Purse) -> None:
        """Take the money; the unit becomes as small as the price wants it."""
        given, sizes = self.support[picked], self.sizes
        gain = sum(purse.gains[g] * sizes[g] for g in offer.order[: offer.poor]) / offer.points
        by = offer.points // gcd(offer.rest, offer.points)
        price = offer.rest * by // offer.points
        purse.split(by)
        money, gains, unit = purse.money, purse.gains, purse.unit
        for group in offer.order[: offer.poor]:
            money[group], gains[group], purse.has[group], purse.held[group] = 0, 0.0, 0.0, 0.0
        for group in offer.order[offer.poor :]:
            money[group] = left = money[group] - price * given[group]
            gains[group] += gain * given[group]
            purse.has[group] = has = left / unit
            purse.held[group] = has * sizes[group]

    def _pick(self, picked: int, offer: Offer, best: Sequence[int], purse: Purse) -> Pick:
        full = self.seats[picked] - sum(self.sizes[g] for g in offer.order[: offer.poor])
        price = Fraction(offer.rest, offer.points * purse.unit)
        return Pick(picked, self.seats[picked], full, price, self._tie(picked, best))

    # --- how long it stays like this ---------------------------------------------------------

    def _unchanged(
        self,
        picked: int,
        offer: Offer,
        offers: Mapping[int, Offer],
        purse: Purse,
        turn: int,
        until: float,
    ) -> float:
        """How far the share may be raised before this round goes another way (a lower bound)."""
        given = self.support[picked]
        gain = offer.slope * self.costs[picked]
        price = offer.rest / (offer.points * purse.unit)
        for group in offer.order[: offer.poor]:
            lacks = given[group] * price - purse.money[group] / purse.unit
            until = min(until, _quotient(lacks, purse.gains[group] - given[group] * gain))
        for measure, other in offers.items():
            if until < 1:
                break  # the next euro has to be tried anyway
            # Only where supporters were poor can a raise make anything cheaper, or payable.
            poor = other.slope < 0.0 or other.payable > 0.0
            if poor and self._overtakes(picked, offer, measure, other) < until:
                if measure in self.many:
                    if turn not in (other.guessed, other.fresh):
                        self._guess(measure, other, purse, turn, True)
                else:
                    self._look(measure, other, purse, turn)
                first = self._overtakes(picked, offer, measure, other)
                if first < until:
                    until = min(until, max(first, self._affords(offer, picked, measure, purse)))
        return until

    def _overtakes(self, picked: int, offer: Offer, measure: int, other: Offer) -> float:
        """From which raise on the other measure may cost less than the picked one."""
        if other.payable > 0.0 and other.rho <= offer.rho * (1 + CLOSE):
            return other.payable
        faster, noise = offer.slope - other.slope, -NOISE * (offer.slope + other.slope)
        alike = self.costs[picked] == self.costs[measure]
        if faster < -noise or (alike and self.support[picked] == self.support[measure]):
            return inf
        gap = max(other.rho * (1 - NOISE) - offer.rho, 0.0)
        return max(_quotient(gap, faster + noise), other.payable)

    def _affords(self, offer: Offer, picked: int, measure: int, purse: Purse) -> float:
        """From which raise on the supporters of the other measure, at what the picked one costs
        for each euro of utility, have enough for it. Concave in the raise, so this is no later.
        """
        cost, given = self.costs[measure], self.support[measure]
        price, change = offer.rho * cost, offer.slope * cost
        pay, more = 0.0, 0.0
        for group, value in given.items():
            has, size = purse.money[group] / purse.unit, self.sizes[group]
            if has < value * price:
                pay += has * size
                more += purse.gains[group] * size
            else:
                pay += value * price * size
                more += value * change * size
        return _quotient(max(cost * (1 - NOISE) - pay, 0.0), more)

    def _payable(self, measure: int, purse: Purse) -> float:
        """From which raise on its supporters have what it costs."""
        given, cost = self.support[measure], self.costs[measure]
        has = fsum(purse.held[g] for g in given)
        gain = fsum(purse.gains[g] * self.sizes[g] for g in given)
        return _quotient(max(cost * (1 - NOISE) - has, 0.0), gain)


class Purse:
    """What each group's seats have left, in parts of a euro (``unit`` to one euro).

    ``gains``: how many euros more they would have for each euro that the share is raised;
    ``has`` and ``held``: euros of a seat and of the whole group, rounded.
    """

    def __init__(self, share: Fraction, sizes: Sequence[int]) -> None:
        self.unit, self.sizes = share.denominator, sizes
        self.money = [share.numerator] * len(sizes)
        self.gains = [1.0] * len(sizes)
        self.has = [float(share)] * len(sizes)
        self.held = [float(share) * size for size in sizes]

    def split(self, by: int) -> None:
        """Count in parts that are ``by`` times smaller."""
        if by > 1:
            self.unit *= by
            self.money = [m * by for m in self.money]


def _quotient(part: float, by: float) -> float:
    """When a gap is closed, if ever. Rounding may make it earlier, never later."""
    return part * (1 - CLOSE) / by if by > 0.0 else inf


def _whole_steps(until: float) -> int:
    """The first whole euro at which something may have changed."""
    return 1 if until < 1 or until == inf else int(until * (1 - CLOSE)) + 1
