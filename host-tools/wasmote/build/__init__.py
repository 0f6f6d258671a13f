"""Third-party sources, firmware builds and their sizes."""
