"""What the server answers under each path: one module a subject, functions from request to answer.

Each takes what it needs from :class:`assay.serving.routes.context.Context`. Refusals are raised.
"""
