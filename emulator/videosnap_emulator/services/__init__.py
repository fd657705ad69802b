"""The emulated services, one folder each; `registry` names them."""
