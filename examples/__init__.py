"""Programs to try, and the demo that runs them."""
