"""What is seen of the server while it runs: metrics, logs, and a challenger beside the champion.

``observed`` follows each request; ``metrics``, ``access_log`` and others are told of it once it has
ended. None of them can make a request fail, and none holds one up.
"""
