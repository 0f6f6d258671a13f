# Links: what carries results away and commands to the node.
