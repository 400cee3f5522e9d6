"""Common words with a hyphen, or an apostrophe in front, of which wordfreq has only the parts, and how many times they
stand in a million words.

The figures are estimates, to about a factor of two, from what is known of the parts; they only order a word among
others that a finger could have meant.
"""

FREQUENT = {
    "en": """
        well-known 20, long-term 25, so-called 20, e-mail 15, x-ray 5, co-op 4, full-time 12, part-time 8, mother-in-law
        2, twenty-five 4, self-esteem 3, high-quality 8, real-time 5, t-shirt 8, good-looking 3, old-fashioned 4,
        face-to-face 4, up-to-date 6, check-in 3, ex-wife 2, ex-husband 2, ex-boyfriend 2, ex-girlfriend 2, middle-aged
        3, mix-up 1, ok-ish 1
    """,
    "de": """
        E-Mail 40, E-Mails 20, T-Shirt 8, T-Shirts 4, U-Bahn 8, S-Bahn 8, Ex-Frau 2, Ex-Freund 2, Ex-Freundin 2
    """,
    "fr": """
        peut-être 350, est-ce 300, rendez-vous 90, c'est-à-dire 90, celui-ci 70, celle-ci 60, ceux-ci 25, celles-ci 12,
        week-end 60, moi-même 40, lui-même 60, elle-même 40, vous-même 25, toi-même 15, eux-mêmes 15, nous-mêmes 10,
        soi-même 8, au-dessus 40, au-delà 40, au-dessous 8, là-bas 90, là-dedans 20, là-dessus 20, là-haut 15,
        grand-mère 30, grand-père 30, grands-parents 10, beau-père 8, belle-mère 8, beau-frère 6, belle-soeur 4,
        après-midi 50, quatre-vingts 3, quatre-vingt-dix 3, vingt-cinq 5, dix-huit 8, dix-sept 6, dix-neuf 5, vis-à-vis
        12, porte-parole 15, chef-d'oeuvre 5, arc-en-ciel 4, sous-marin 6, demi-heure 8, a-t-il 60, y a-t-il 0, dit-il
        60, dit-elle 25, vas-y 25, allez-vous 20, êtes-vous 40, avez-vous 60, as-tu 40, es-tu 30, pourrait-on 3, puis-je
        25, dis-moi 25, dites-moi 20, laisse-moi 25, laissez-moi 25, donne-moi 15, excusez-moi 30, aide-moi 10,
        Royaume-Uni 15, États-Unis 70, Saint-Pierre 5, Jean-Pierre 8, Jean-Claude 6, Jean-Paul 6, Marie-Claude 1
    """,
    "nl": """
        's 300, 't 400, 'n 150, zo-even 1, e-mail 20, ex-vrouw 2, ex-man 2, T-shirt 4, zee-egel 1, Noord-Holland 8,
        Zuid-Holland 8, auto-ongeluk 2
    """,
    "pl": "e-mail 8, polsko-niemiecki 2, Bielsko-Biała 3, biało-czerwony 2, ping-pong 1",
    "pt": """
        segunda-feira 60, terça-feira 50, quarta-feira 55, quinta-feira 55, sexta-feira 60, bem-vindo 15, bem-vinda 6,
        guarda-chuva 3, fim-de-semana 5, ex-presidente 10, deixa-me 10, disse-me 6, vice-presidente 12, meio-dia 8,
        e-mail 40
    """,
    "ru": """
        что-то 350, кто-то 180, где-то 90, когда-то 60, как-то 110, какой-то 110, какая-то 40, какие-то 60, какое-то 50,
        почему-то 40, куда-то 35, откуда-то 10, чей-то 8, кого-то 45, кому-то 25, чего-то 40, чему-то 8, чем-то 35,
        из-за 220, из-под 30, что-нибудь 70, кто-нибудь 50, когда-нибудь 40, где-нибудь 18, как-нибудь 15, какой-нибудь
        25, какая-нибудь 8, какие-нибудь 10, куда-нибудь 10, кого-нибудь 15, всё-таки 60, все-таки 110, по-моему 50,
        по-твоему 12, по-другому 15, по-русски 12, по-прежнему 35, по-настоящему 25, по-английски 6, во-первых 35,
        во-вторых 25, в-третьих 8, точь-в-точь 1, чуть-чуть 12, еле-еле 4, как-никак 2, Санкт-Петербург 20,
        Санкт-Петербурге 25, Санкт-Петербурга 20, Нью-Йорк 20, Нью-Йорке 20, Лос-Анджелес 8, Лос-Анджелесе 8, так-то 8,
        вообще-то 20, давай-ка 6, кое-что 15, кое-кто 5, кое-как 4, кое-где 4, на-гора 0.3, он-лайн 1, экс-президент 2
    """,
    "sv": "e-post 15, T-shirt 4, TV-serie 4, Sankt-Petersburg 1",
    "uk": """
        будь-який 40, будь-яка 15, будь-яке 15, будь-які 25, будь-якого 12, будь-якій 8, будь-яких 12, будь-хто 8,
        будь-що 12, будь-де 4, будь-коли 5, будь-як 2, будь-ласка 5, що-небудь 18, хто-небудь 12, як-небудь 4,
        коли-небудь 12, де-небудь 4, який-небудь 4, по-перше 15, по-друге 12, по-третє 5, по-українськи 5, по-моєму 8,
        по-справжньому 8, по-іншому 8, із-за 20, з-за 15, з-під 15, Івано-Франківськ 8, Івано-Франківську 6, Нью-Йорк
        12, Нью-Йорку 8, Санкт-Петербург 4, все-таки 20, хтозна-що 0.5, так-так 3, казна-що 1, віч-на-віч 1
    """,
    "it": """
        week-end 4, e-mail 20, ex-moglie 1, anglo-americano 1, socio-economico 2, centro-destra 4, centro-sinistra 5
    """,
    "es": "teórico-práctico 1, ex-presidente 1, franco-español 0.5, e-mail 8",
    "ro": """
        s-a 1300, într-un 600, într-o 550, s-au 350, n-am 300, m-am 300, n-a 280, l-am 250, l-a 300, să-l 180, să-i 180,
        și-a 250, mi-a 250, i-a 250, să-mi 150, să-și 170, să-ți 120, mi-am 180, te-am 150, ne-am 130, n-ai 130,
        nu-i 180, nu-mi 130, s-o 120, s-ar 220, dintr-o 110, dintr-un 110, printr-un 80, printr-o 80, m-a 150, n-au 90,
        i-am 170, ți-am 130, te-ai 100, l-au 110, și-au 110, i-au 90, le-a 90, le-am 70, ne-a 70, v-am 70, mi-ai 60,
        ți-a 60, te-a 60, nu-l 60, nu-ți 70, nu-și 50, n-o 60, n-ar 80, n-aș 60, n-are 70, n-avem 20, c-am 15, m-ai 70,
        m-au 30, m-aș 35, l-ai 60, i-ai 40, v-a 40, v-ați 45, le-au 40, ne-au 25, mi-ar 45, mi-e 60, ți-e 45, ți-ai 50,
        ți-ar 20, i-ar 30, te-aș 15, te-ar 15, v-aș 20, l-ar 25, ce-i 60, ce-a 30, ce-ai 40, ce-o 15, asta-i 35, care-i
        20, unde-i 25, cine-i 12, de-a 60, de-o 15, într-adevăr 60, într-una 12, dintr-una 6, dintr-odată 5,
        du-te 45, uită-te 35, lasă-mă 30, dă-mi 40, spune-mi 40, ia-o 8, fă-o 8, prim-ministru 10,
        prim-ministrul 15, prim-ministrului 6, sud-est 5, nord-est 5, nord-vest 4, sud-vest 4, e-mail 25
    """,
    "ca": "",
}


def hyphenated(language: str) -> dict[str, float]:
    """Frequencies of a language's common words with a hyphen."""
    items = (item.split() for item in FREQUENT.get(language, "").replace("\n", " ").split(","))
    return {item[0]: float(item[1]) / 1e6 for item in items if len(item) == 2 and float(item[1]) > 0}
