"""How the digits agent is trained: arithmetic, network, quantisation."""
