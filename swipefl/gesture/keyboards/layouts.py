"""The layouts of the package, as people's phones have them: rows of letters, from the left key on.

So it is in scripts that are written from the right, too: ض is the leftmost key of Arabic, whatever an editor shows.
Punctuation is a key that types no letter and takes its place; a mark stands on a dotted circle. `shifted` has what the
same keys type with shift where that is another letter, which a finger passes at the same place (ㅆ on ㅅ).
A name stands for its geometry for ever, since gestures refer to it: a layout that was wrong gets another name.
"""

from typing import NamedTuple

from swipefl.gesture.keyboards.rows import ROW_HEIGHT, SPACE_ROW, WIDTH


class Layout(NamedTuple):
    """Languages (BCP 47, none: whichever the person's is), rows of letters, and the units that they are drawn in."""

    languages: tuple[str, ...]
    rows: str
    shifted: str = ""
    width: float = WIDTH
    row_height: float = ROW_HEIGHT
    space_row: float = SPACE_ROW


def _plain(language: str) -> Layout:
    return Layout((language,), _QWERTY)


_QWERTY = "qwertyuiop asdfghjkl zxcvbnm"
_QWERTZ = "qwertzuiop asdfghjkl yxcvbnm"
_AZERTY = "azertyuiop qsdfghjklm wxcvbn'"
_JCUKEN = "йцукенгшщзх фывапролджэ ячсмитьбю"

LAYOUTS = {
    "qwerty": _plain("en"),
    "jcuken": Layout(("ru",), "йцукенгшщзхъ фывапролджэ ячсмитьбюё", width=1080, row_height=160, space_row=1),
    # Latin; the plain ones have their accents under the letters, as most phones do
    "qwerty-plain": Layout((), _QWERTY),
    "qwerty-cs": _plain("cs"),
    "qwerty-fr": _plain("fr"),
    "qwerty-id": _plain("id"),
    "qwerty-it": _plain("it"),
    "qwerty-lt": _plain("lt"),
    "qwerty-lv": _plain("lv"),
    "qwerty-ms": _plain("ms"),
    "qwerty-nl": _plain("nl"),
    "qwerty-pl": _plain("pl"),
    "qwerty-pt": _plain("pt"),
    "qwerty-ro": _plain("ro"),
    "qwerty-vi": _plain("vi"),
    "qwerty-az": Layout(("az",), "qüertyuiopöğ asdfghjklıə zxcvbnmçş"),
    "qwerty-br": Layout(("pt",), "qwertyuiop asdfghjklç zxcvbnm"),
    "qwerty-ca": Layout(("ca",), "qwertyuiop asdfghjklç zxcvbnm"),
    "qwerty-da": Layout(("da",), "qwertyuiopå asdfghjklæø zxcvbnm"),
    "qwerty-es": Layout(("es",), "qwertyuiop asdfghjklñ zxcvbnm"),
    "qwerty-et": Layout(("et",), "qwertyuiopü asdfghjklöä zxcvbnmõ"),
    "qwerty-fi": Layout(("fi",), "qwertyuiopå asdfghjklöä zxcvbnm"),
    "qwerty-is": Layout(("is",), "qwertyuiopð asdfghjklæö zxcvbnmþ"),
    "qwerty-no": Layout(("nb",), "qwertyuiopå asdfghjkløæ zxcvbnm"),
    "qwerty-sv": Layout(("sv",), "qwertyuiopå asdfghjklöä zxcvbnm"),
    "qwerty-tr": Layout(("tr",), "qwertyuıopğü asdfghjklşi zxcvbnmöç"),
    "turkish-f": Layout(("tr",), "fgğıodrnhpqw uieaütkmlyş jövcçzsbx"),
    "qwertz": Layout((), _QWERTZ),
    "qwertz-ch": Layout(("de-ch", "fr"), "qwertzuiopü asdfghjklöä yxcvbnm"),
    "qwertz-cs": Layout(("cs",), _QWERTZ),
    "qwertz-de": Layout(("de",), "qwertzuiopü asdfghjklöä yxcvbnm"),
    "qwertz-de-plain": Layout(("de",), _QWERTZ),
    "qwertz-hr": Layout(("hr",), "qwertzuiopš asdfghjklčć yxcvbnmđž"),
    "qwertz-hu": Layout(("hu",), "qwertzuiopö asdfghjkléá yxcvbnmü"),
    "qwertz-sk": Layout(("sk",), _QWERTZ),
    "qwertz-sl": Layout(("sl",), "qwertzuiopš asdfghjklč yxcvbnmž"),
    "azerty-be": Layout(("fr", "nl"), _AZERTY),
    "azerty-fr": Layout(("fr",), _AZERTY),
    "bepo-fr": Layout(("fr",), "bépoèvdljzw auiectsrnmç êàyxkqghf"),
    "colemak": Layout((), "qwfpgjluy; arstdhneio zxcvbkm"),
    "dvorak": Layout((), "',.pyfgcrl aoeuidhtns qjkxbmwvz"),
    # Cyrillic
    "bulgarian-bds": Layout(("bg",), "уеишщксдзцб ьяаожгтнвмч юйъэфхпрл"),
    "bulgarian-phonetic": Layout(("bg",), "явертъуиопч асдфгхйклшщ зьцжбнмю"),
    "jcuken-be": Layout(("be",), "йцукенгшўзх фывапролджэ ячсмітьбю'"),
    "jcuken-ru": Layout(("ru",), _JCUKEN),
    "jcuken-uk": Layout(("uk",), "йцукенгшщзхї фівапролджє ґячсмитьбю"),
    "macedonian": Layout(("mk",), "љњертѕуиопш асдфгхјклчќ зџцвбнмѓж"),
    "serbian": Layout(("sr",), "љњертзуиопш асдфгхјклчћ џцвбнмђж"),
    # Others
    "arabic": Layout(("ar",), "ضصثقفغعهخحج شسيبلاتنمكط ذءؤرىةوزظد"),
    "armenian": Layout(("hy",), "էթփձջրչճժծ քոեռտըւիօպ ասդֆգհյկլխ զղցվբնմշ"),
    "dubeolsik": Layout(("ko",), "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ ㅁㄴㅇㄹㅎㅗㅓㅏㅣ ㅋㅌㅊㅍㅠㅜㅡ", "ㅃㅉㄸㄲㅆ---ㅒㅖ"),
    "georgian": Layout(("ka",), "ქწერტყუიოპ ასდფგჰჯკლ ზხცვბნმ", "-ჭ-ღთ----- -შ----ჟ-- ძ-ჩ----"),
    "greek": Layout(("el",), ";ςερτυθιοπ ασδφγηξκλ ζχψωβνμ"),
    "hebrew": Layout(("he",), "'-קראטוןםפ שדגכעיחלךף זסבהנמצתץ"),
    "inscript-hi": Layout(
        ("hi",),
        "◌ौ◌ै◌ा◌ी◌ूबहगदजड ◌ो◌े◌्◌ि◌ुपरकतचट ◌ॉ◌ंमनवलसय◌़",
        "औऐआईऊभ◌ःघधझढ ओएअइउफ-खथछठ ऑ◌ँण-ळशष◌ृञ",
    ),
    "persian": Layout(("fa",), "ضصثقفغعهخحج شسیبلاتنمکگ ظطژزرذدپوچ"),
}
