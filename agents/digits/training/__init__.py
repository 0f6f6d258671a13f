"""How the digits agent is trained: network, quantisation."""
