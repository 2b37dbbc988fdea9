"""What chance draws: which utterances belong together, and what is said where they are few."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.scoring.clusters import FEWEST_CLUSTERS, FEWEST_FOR_A_TEST, cluster_utterances, tell_doubts
from workbench.scoring.interval import SIGNIFICANCE, fewest_units

SPEAKERS = st.sampled_from(["A", "B", "C", None])


@given(st.lists(SPEAKERS, max_size=12))
def test_utterances_share_a_number_if_and_only_if_they_share_a_speaker(speakers: list[str | None]) -> None:
    found = cluster_utterances([{} if one is None else {"speaker": one} for one in speakers])
    assert len(found.labels) == len(speakers)
    if found.by == "speaker":
        for one, label in zip(speakers, found.labels, strict=True):
            for other, other_label in zip(speakers, found.labels, strict=True):
                assert (label == other_label) == (one == other and one is not None) or one is other is None
    own = [label for one, label in zip(speakers, found.labels, strict=True) if one is None]
    assert len(set(own)) == len(own)
    assert set(found.labels) == set(range(len(set(found.labels))))


def test_the_speaker_comes_before_the_recording_and_that_before_the_utterance() -> None:
    both = [{"speaker": f"S{n % 6}", "recording": n // 2} for n in range(12)]
    assert (cluster_utterances(both).by, cluster_utterances(both).labels) == ("speaker", (0, 1, 2, 3, 4, 5) * 2)
    recordings = [{"recording": n // 2} for n in range(12)]
    assert cluster_utterances(recordings).by == "recording"
    assert cluster_utterances(recordings).labels == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
    none = cluster_utterances([{"noise": "hum"}, {"noise": "hum"}])
    assert (none.by, none.labels, none.few) == ("utterance", (0, 1), ())
    assert cluster_utterances(both, by="recording").labels == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
    assert cluster_utterances(both, by="utterance").labels == tuple(range(12))


def test_few_speakers_are_no_unit_of_chance_but_are_said() -> None:
    one = [{"speaker": "A", "recording": n // 2} for n in range(12)]
    found = cluster_utterances(one)
    assert (found.by, found.few) == ("recording", (("speaker", 1),))
    (sentence, *_) = tell_doubts(found.by, 6, few=found.few)
    assert sentence == "The clips are of one speaker only: intervals and verdicts hold for that speaker alone."
    few = cluster_utterances([{"speaker": "AB"[n % 2]} for n in range(12)])
    assert (few.by, few.labels, few.few) == ("utterance", tuple(range(12)), (("speaker", 2),))
    (sentence, *_) = tell_doubts(few.by, 12, few=few.few)
    assert sentence == "The clips are of 2 speakers only: intervals and verdicts hold for those speakers alone."
    asked = cluster_utterances([{"speaker": "AB"[n % 2]} for n in range(12)], by="speaker")
    assert (asked.by, asked.labels, asked.few) == ("speaker", (0, 1) * 6, ())
    assert cluster_utterances([{"speaker": "A"}]).few == ()
    assert cluster_utterances([]).labels == ()


def test_a_tag_that_no_clip_has_cannot_be_drawn_by() -> None:
    with pytest.raises(UsageError, match="No clip is tagged with its recording"):
        cluster_utterances([{"speaker": "A"}], by="recording")


def test_few_clusters_are_warned_of() -> None:
    assert list(tell_doubts("speaker", FEWEST_CLUSTERS)) == []
    (narrow,) = tell_doubts("speaker", FEWEST_CLUSTERS - 1)
    assert narrow == "19 speakers: intervals are likely too narrow; 20 speakers or more are wanted."
    (few,) = tell_doubts("speaker", 2)
    assert few == "2 speakers: intervals are not reliable, and no difference can be shown with fewer than 6 speakers."
    (clips,) = tell_doubts("utterance", 3)
    assert clips.endswith("fewer than 6 clips.")
    (one,) = tell_doubts("utterance", 1)
    assert one.startswith("One clip:")
    assert list(tell_doubts("utterance", 0)) == []


def test_the_fewest_that_can_show_something_are_those_of_the_test() -> None:
    assert fewest_units(SIGNIFICANCE) == FEWEST_FOR_A_TEST
    assert 2 / 2**FEWEST_FOR_A_TEST < SIGNIFICANCE <= 2 / 2 ** (FEWEST_FOR_A_TEST - 1)
