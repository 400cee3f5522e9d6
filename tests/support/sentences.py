"""Sentences of everyday messages in a few languages, written for these tests, and swipes of them."""

import re
from collections.abc import Iterator

import numpy as np

from swipefl.gesture.before import before_in
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.synthesis import draw_person, swipe

SENTENCES = {
    "en": """
        I will be home in an hour. Can you buy some bread on the way? The train was late again this morning. We
        should meet for lunch on Friday. Did you see the photos that I sent you? My sister is coming to visit us
        next week. It is too cold to go out tonight. Tell him that the meeting is at noon. I forgot my keys in the
        car. Do you want to watch a film later? The children are already asleep. Thank you for the lovely dinner.
        Please call me when you get there. I think we need more time for this. What are you doing at the weekend? He
        said that he would bring the tickets. Our flight leaves early in the morning. There is still some cake in
        the kitchen.
    """,
    "fr": """
        Je serai à la maison dans une heure. Tu peux acheter du pain en rentrant? Le train était encore en retard ce
        matin. On devrait se voir vendredi pour déjeuner. Tu as vu les photos que je vous ai envoyées? Ma soeur
        vient nous voir la semaine prochaine. Il fait trop froid pour sortir ce soir. Dis lui que la réunion est à
        midi. Je ne sais plus où sont mes clés. Tu veux regarder un film plus tard? Les enfants dorment déjà tous
        les deux. Merci beaucoup pour ce bon repas. Appelle moi quand tu arrives là bas. Je pense que nous avons
        besoin de plus de temps. Vous faites quoi ce week-end? Il a dit que tout le monde serait là. Notre avion
        part très tôt demain matin. Il reste encore un peu de gâteau dans la cuisine.
    """,
    "de": """
        Ich bin in einer Stunde zu Hause. Kannst du auf dem Weg noch Brot kaufen? Der Zug hatte heute Morgen wieder
        Verspätung. Wir sollten uns am Freitag zum Essen treffen. Hast du die Bilder gesehen, die ich dir geschickt
        habe? Meine Schwester kommt uns nächste Woche besuchen. Es ist zu kalt, um heute Abend noch rauszugehen. Sag
        ihm, dass die Sitzung um zwölf ist. Ich habe meine Schlüssel im Auto vergessen. Willst du später noch einen
        Film sehen? Die Kinder schlafen schon. Vielen Dank für das schöne Essen. Ruf mich an, wenn du da bist. Ich
        glaube, wir brauchen mehr Zeit dafür. Was macht ihr am Wochenende? Er hat gesagt, dass er die Karten
        mitbringt. Unser Flug geht sehr früh am Morgen. In der Küche ist noch etwas Kuchen.
    """,
}  # fmt: skip
PEOPLE = 6
SEED = 15


def swiped_sentences(language: str, keyboard: Keyboard, people: int = PEOPLE) -> list[Example]:
    """Each sentence of a language, swiped by generated people, every word with what stood before it."""
    return [example for person in range(people) for example in _by(person, language, keyboard)]


def _by(person: int, language: str, keyboard: Keyboard) -> Iterator[Example]:
    rng = np.random.default_rng((SEED, person))
    who, spelling = draw_person(rng), keyboard.spelling((language,))
    text = " ".join(SENTENCES[language].split())
    words = [found for found in re.finditer(r"[\w'-]+", text) if len(spelling.of(found[0]) or "") > 1]
    traces = swipe([spelling.of(found[0]) or "" for found in words], keyboard, who, rng)
    for found, points in zip(words, traces, strict=True):
        before, name = before_in(text[: found.start()]), f"{language}-{person}-{found.start()}"
        gesture = Gesture(name, points, keyboard, keyboard.width, keyboard.height, None, (language,), before)
        yield Example(gesture, found[0])
