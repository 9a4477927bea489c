"""Prefect's flows: which effects follow which. What a stage does is no concern of theirs."""
