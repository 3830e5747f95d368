"""Drawing: frozen values in, Rich renderables out. Nothing here fetches anything or knows a command."""
