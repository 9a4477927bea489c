"""Prefect, its worker and MLflow on this machine: what ``make up`` starts and ``make down`` ends.

``addresses`` says where they answer, ``variables`` in which environment they run, ``processes``
starts and ends them, ``waiting`` waits for them, ``deployments`` tells Prefect what there is to
run. ``python -m assay.services up|down|ui|ready`` puts these together.
"""
