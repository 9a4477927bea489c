"""When a model is retrained, and what a challenger must show to become champion.

Reads and writes nothing. The user's words on each key stand beside it in ``params.yaml``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from assay.settings.block import Block, Share

Looks = Annotated[int, Field(ge=1, le=10_000)]
Rows = Annotated[int, Field(ge=1, le=10**9)]
Bound = Annotated[float, Field(ge=-1e9, le=1e9)]
Days = Annotated[int, Field(ge=1, le=36_500)]


class Gate(Block):
    """The rules of promotion.

    Attributes:
        policy: ``not_worse``: non-inferior to the champion by ``margin``; ``better``: superior by
            ``min_effect``.
        margin: of the share of rows that are right: 0.02 is two points.
        min_effect: by how much ``better`` has to be better, as a share.
        slice_margin: by how much that share may fall in a slice of 50 rows or more, beside what
            chance explains.
        error: the chance, over all looks at the test rows, of ever promoting a challenger that
            breaks the policy.
        looks: how many decisions the error is spent over; then the gate asks for fresh test rows.
        trials: how many trainings may lead to decisions on the same test rows.
        floors: bounds on metrics of the record by name: least values, or greatest ones where lower
            is better.
        max_parity_difference: greatest difference of a logit between ONNX and torch.
        max_megabytes: of the bundle.
        max_latency_ms: 95th percentile at batch size 1, a warning only: timings vary.
        label_error: the chance of refusing rows whose labels are as good as those before.
        bootstrap: resamples behind each interval.

    """

    policy: Literal["not_worse", "better"] = "not_worse"
    margin: Annotated[float, Field(gt=0, le=0.5)] = 0.02
    min_effect: Annotated[float, Field(gt=0, le=0.5)] = 0.005
    slice_margin: Annotated[float, Field(gt=0, le=1)] = 0.05
    error: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    looks: Looks = 52
    trials: Looks = 500
    floors: dict[str, Bound] = Field(default_factory=dict)
    max_parity_difference: Annotated[float, Field(gt=0, le=1)] = 1e-4
    max_megabytes: Annotated[float, Field(gt=0, le=1e6)] = 2000.0
    max_latency_ms: Annotated[float, Field(gt=0, le=1e6)] = 100.0
    label_error: Annotated[float, Field(ge=0.001, le=0.5)] = 0.05
    bootstrap: Annotated[int, Field(ge=100, le=1_000_000)] = 2000


class Retrain(Block):
    """What makes a scheduled tick train.

    Attributes:
        min_new_rows: new rows since the champion.
        max_age_days: of the champion; None: age alone never retrains.
        drift_error: the chance of a false alarm of drift over a year of ticks.
        ticks_a_year: how many ticks share that chance.
        commit: leave a commit on the branch ``retrain/<model>``.
        notify: Prefect's notification blocks that hear of promotions, refusals and failures.

    """

    min_new_rows: Rows = 100
    max_age_days: Days | None = None
    drift_error: Share = 0.05
    ticks_a_year: Annotated[int, Field(ge=1, le=1_000_000)] = 52
    commit: bool = False
    notify: tuple[str, ...] = ()

    @field_validator("notify", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value
