"""A plug-in that another package brings: `workbench transcribe --engine scripted-demo`."""

from workbench.engines.scripted import ScriptedPlugin

PLUGIN = ScriptedPlugin(name="scripted-demo", summary="Tells each clip's length; a plug-in of another package.")
