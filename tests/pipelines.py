"""What the small pipelines of tests have in common: for those that drive DVC itself."""

# The head of a ``dvc.yaml`` whose first stage is the real one.
INGEST = """\
stages:
  ingest:
    foreach: ${models}
    do:
      cmd: python -m assay.stages ingest ${key}
      deps:
        - data/inbox/${key}
      outs:
        - data/raw/${key}.parquet
"""
