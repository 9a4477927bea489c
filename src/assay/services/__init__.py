"""Prefect, its worker and MLflow on this machine: what ``make up`` starts and ``make down`` ends.

``addresses`` says where they answer, ``variables`` in which environment they run, ``profile`` how
Prefect's commands find them; ``processes`` starts and ends them, ``waiting`` waits for them,
``deployments`` tells Prefect what there is to run. ``servers`` and ``worker`` are the processes
themselves, ``guard`` what stands before the servers. ``python -m assay.services up|down|ui`` puts
these together; ``supervisord.conf`` names what runs in the background.
"""
