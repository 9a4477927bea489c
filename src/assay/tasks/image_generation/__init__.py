"""Image generation: a variational autoencoder from random weights, exported as ONNX graphs."""
