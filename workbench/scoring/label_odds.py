"""How much likelier what systems agreed on is if a label is wrong than if it is right.

Whether a label is wrong cannot be seen from errors alone: a hard clip has errors, too. What differs is how common such
errors are. With n units of the reference, let m be those that the systems have alike and otherwise than the label, and
s those about which they disagree. For right labels, both are counts with more spread than a binomial's:

    P(m, s | n, right) = BetaBinomial(m + s; n, α, β) · BetaBinomial(m; m + s, γ, δ)

The first says how hard such clips are, the second how often these systems, which may be relatives, err alike. If the
label is wrong in k of its units, then the systems are right there, and the rest is a clip with a right label:

    P(m, s | n, wrong) = Σ_k U(k) · P(m − k, s | n − k, right),   U(k) = 2^-(k+1) + 1/(2n)

U is vague on purpose: half of it for a slip in few places, half for any number of units alike, as when a clip has the
label of another. The ratio of the two is the Bayes factor against the label. α to δ are estimated from the clips of the
same language by maximum a posteriori, pulled towards those of all clips, so that few clips of a language are not taken
for a law (empirical Bayes). Wrong labels are among these clips; while they are few, they hardly move the estimates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_VAGUE = (np.array([-3.0, 1.5]), np.array([1.5, 1.0]))  # log-odds of a rate about 5 %, log of a strength about 4.5
_NEAR = np.array([1.0, 1.0])  # how far a language may lie from all clips together


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is seen of one clip, in units of its reference; places may count in part.

    Attributes:
        group: Clips of one group are alike: a language.
        units: Of the reference, and what the consensus puts in.
        alike: Heard alike and otherwise than labelled.
        apart: Heard otherwise than labelled, and not alike.
        open: How much of `alike` may be the label's fault; the rest is what the systems do elsewhere, too.
    """

    group: str
    units: float
    alike: float
    apart: float
    open: float


def weigh_labels(evidence: Sequence[Evidence]) -> list[float | None]:
    """The Bayes factor against each clip's label, as its decimal logarithm: 1 is ten times likelier if it is wrong.

    None where nothing speaks against the label.

    Args:
        evidence: Of all clips that can be judged: they say what is usual.
    """
    if not evidence:
        return []
    groups: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(evidence):
        groups[one.group].append(place)
    overall = _Habits.of(evidence, None)
    odds: list[float | None] = [None] * len(evidence)
    for members in groups.values():
        habits = _Habits.of([evidence[place] for place in members], overall)
        for place in members:
            odds[place] = habits.bayes_factor(evidence[place])
    return odds


@dataclass(frozen=True, slots=True, eq=False)
class _Habits:
    """How often systems err, and err alike, on clips of a group: log-odds of the mean and log of α + β for either."""

    errors: Numbers
    alike: Numbers

    @classmethod
    def of(cls, evidence: Sequence[Evidence], overall: _Habits | None) -> _Habits:
        units = np.array([one.units for one in evidence])
        alike = np.array([one.alike for one in evidence])
        errors = alike + np.array([one.apart for one in evidence])
        return cls(
            _fit(errors, units, _VAGUE if overall is None else (overall.errors, _NEAR)),
            _fit(alike, errors, _VAGUE if overall is None else (overall.alike, _NEAR)),
        )

    def bayes_factor(self, one: Evidence) -> float | None:
        if one.open <= 0:
            return None
        wrong = np.arange(1.0, np.ceil(one.open) + 1)
        wrong[-1] = one.open  # a part of a unit, where the last place counts in part
        prior = 0.5 ** (wrong + 1) + 0.5 / one.units
        prior[-1] *= one.open - np.floor(one.open) or 1.0
        terms = np.log(prior) + self._log_chance(one.alike - wrong, one.apart, one.units - wrong)
        factor = np.logaddexp.reduce(terms) - self._log_chance(one.alike, one.apart, one.units)
        return float(factor / np.log(10))

    def _log_chance(self, alike: Any, apart: float, units: Any) -> Any:
        return _log_chance(alike + apart, units, self.errors) + _log_chance(alike, alike + apart, self.alike)


def _fit(counts: Numbers, totals: Numbers, prior: tuple[Numbers, Numbers]) -> Numbers:
    from scipy.optimize import minimize  # here, since reading runs needs none of it

    centre, spread = prior

    def loss(habit: Numbers) -> float:
        return float(-_log_chance(counts, totals, habit).sum() + (((habit - centre) / spread) ** 2).sum() / 2)

    return minimize(loss, centre, method="Nelder-Mead").x


def _log_chance(count: Any, total: Any, habit: Numbers) -> Any:
    """Log of the beta-binomial probability, for counts that need not be whole."""
    from scipy.special import betaln, expit, gammaln

    a, b = np.exp(habit[1]) * expit(habit[0]), np.exp(habit[1]) * expit(-habit[0])
    rest = total - count
    choices = gammaln(total + 1) - gammaln(count + 1) - gammaln(rest + 1)
    return choices + betaln(count + a, rest + b) - betaln(a, b)
