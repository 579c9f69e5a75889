"""Films: decoded, enhanced frame by frame, encoded, with everything else in the file copied."""
