"""Which countries a place name of name-suggestion-index means; used when its data are compiled.

The source names places by ISO 3166 codes ("de", "us-ca.geojson"), by UN M49 region numbers ("150" is Europe), or by
files with shapes of its own, of which only the known ones can be placed.
"""

from collections.abc import Iterable

WORLD = "*"

_EUROPE = (
    "ad al at ax ba be bg by ch cy cz de dk ee es fi fo fr gb gg gi gr hr hu ie im is it je li lt lu lv mc md me mk mt "
    "nl no pl pt ro rs ru se si sk sm ua va xk"
)
_WEST_ASIA = "ae am az bh cy ge il iq jo kw lb om ps qa sa sy tr ye"
_ASIA = (
    f"{_WEST_ASIA} af bd bn bt cn hk id in ir jp kg kh kr kz la lk mm mn mo mv my np ph pk sg th tj tl tm tw uz vn kp"
)
_SUB_SAHARAN_AFRICA = (
    "ao bf bi bj bw cd cf cg ci cm cv dj er et ga gh gm gn gq gw ke km lr ls mg ml mr mu mw mz na ne ng re rw sc sl sn "
    "so ss st sz td tg tz ug yt za zm zw"
)
_CARIBBEAN = "ag ai aw bb bl bq bs cu cw dm do gd gp ht jm kn ky lc mf mq ms pr sx tc tt vc vg vi"
_REGIONS = {
    "001": WORLD,
    "002": f"{_SUB_SAHARAN_AFRICA} dz eg eh ly ma sd tn",
    "003": f"{_CARIBBEAN} bm bz ca cr gl gt hn mx ni pa pm sv us",
    "005": "ar bo br cl co ec fk gf gy pe py sr uy ve",
    "029": _CARIBBEAN,
    "142": _ASIA,
    "145": _WEST_ASIA,
    "150": _EUROPE,
    "202": _SUB_SAHARAN_AFRICA,
    "fx": "fr",
    "eth": "et",
    "khm": "kh",
    "northern cyprus": "cy",
    "mainland china": "cn",
    "aldi-sued.geojson": "de",
    "konsum-dresden.geojson": "de",
    "konsum-leipzig.geojson": "de",
}


def place_brand(include: Iterable[object], exclude: Iterable[object] = ()) -> str:
    """The countries of a brand: "at de", "*" for the whole world, "*ca us" for all but some, "" if unknown.

    A part of a country counts as the country where it is included, and as nothing where it is excluded.
    """
    included = {country for place in include for country in _countries(place)}
    excluded = {country for place in exclude if not _is_part(place) for country in _countries(place)}
    if WORLD in included:
        return " ".join([WORLD, *sorted(excluded - {WORLD})]).replace("* ", "*")
    return " ".join(sorted(included - excluded))


def _countries(place: object) -> list[str]:
    if not isinstance(place, str):
        return []
    if place in _REGIONS:
        return _REGIONS[place].split()
    code = place[:2]
    is_country = code.isalpha() and (len(place) == 2 or place[2] == "-")
    return [code] if is_country else []


def _is_part(place: object) -> bool:
    return isinstance(place, str) and len(place) > 2 and place[2] == "-"
