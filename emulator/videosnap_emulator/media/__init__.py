"""Video: sample files, exact decoding, drawing and encoding of frames."""
