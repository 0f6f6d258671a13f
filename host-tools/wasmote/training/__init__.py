"""What training scripts of agents share: arithmetic that gives the same bits on every machine."""
