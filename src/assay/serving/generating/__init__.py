"""Language models over HTTP: Triton's generate extension and OpenAI's chat completions."""
