"""Attacks that load a library or a script of the attacker."""

from __future__ import annotations

from pathlib import Path

from security.attacks.attack import Attack

_BARS = "-f lavfi -i testsrc2=s=64x64:r=5:d=0.4"
_TONE = "-f lavfi -i sine=d=0.1"
_NO = "-f null -"
_NO_HOME = "FFmpeg searches plugins below HOME, which does not exist, and in system folders"
_MANIFEST = "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n<urn:evil> a lv2:Plugin ; lv2:binary <../evil.so> .\n"

PLUGIN_OF_HOME = Attack(
    "a plugin below HOME",
    f"{_BARS} -vf frei0r=evil {_NO}",
    {".frei0r-1/lib/evil.so": lambda places: Path(places["attacker_files"], "evil.so").read_bytes()},
    inert=_NO_HOME,
)
"""Succeeds where HOME is the attacker's folder, which proves that the library works."""

ATTACKS = (
    PLUGIN_OF_HOME,
    Attack("a plugin by path", f"{_BARS} -vf frei0r=<lane>/evil {_NO}", inert=_NO_HOME),
    Attack("a plugin by relative path", f"{_BARS} -vf frei0r=../../../../../../<lane>/evil {_NO}", inert=_NO_HOME),
    Attack("a video source plugin", f"-f lavfi -i frei0r_src=filter_name=<lane>/evil {_NO}", inert=_NO_HOME),
    Attack(
        "an LV2 audio plugin",
        f"{_TONE} -af 'lv2=urn\\\\:evil' {_NO}",
        {"evil.lv2/manifest.ttl": _MANIFEST},
        inert=_NO_HOME,
    ),
    Attack("a LADSPA audio plugin by path", f"{_TONE} -af ladspa=<lane>/evil.so {_NO}", inert="not in this build"),
    Attack(
        "an AviSynth script",
        f"-f avisynth -i x.avs {_NO}",
        {"x.avs": 'LoadPlugin("evil.so")\nVersion()'},
        inert="no AviSynth",
    ),
    Attack("a shared library as input", "-i evil.so -c copy o.mp4", inert="a shared library is not media"),
)
