"""The networks, one file each: normalised images in, logits out."""
