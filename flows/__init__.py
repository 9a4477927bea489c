"""Prefect's flows: the order of effects. What a stage does is none of their business."""
