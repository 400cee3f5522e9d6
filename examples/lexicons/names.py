"""Names that the sources write small: frequent given names, towns, nations, feasts and God, most frequent first.

The dictionaries of these languages are in lower case, or have a rare word that is written like the name; the counted
languages have no such name, or other letters. What is a common word as well (luka, metin, Hans) is in MOSTLY or in
neither.
"""

from functools import cache

from swipefl.gesture.language import is_turkic
from swipefl.gesture.spelling import lower

USUAL = 0.8  # of the uses of what is in MOSTLY

# Always written so.
ALWAYS = {
    "bg": """
        България София САЩ Пловдив Георги Варна Иван Димитър ЕС Бургас Турция Петър Мария Джон Левски Христо Търново
        Александър Ню Димитров Великобритания Николай Русе Йорк Иванов Македония ЦСКА Стефан Кирил Борисов Васил
        Георгиев Петров Плевен БСП Благоевград Господ Елена Добрич Дунав Мартин Борис Джордж Пазарджик Тодор Христов
        МВР Виктор Владимир Николов Майкъл Бойко Шумен Видин Стоянов Робърт НАТО Ловеч Василев Павел Пирин Кърджали
        Емил Коледа Перник Радев Ричард Румен Банско Пламен Стоян Тракия Ямбол Виктория Даниел Илиев Томас Методий
        Тодоров Валентин Казанлък Несебър Ани Филип Силистра ДПС Фейсбук Асен Ивайло БНТ Питър Йордан Сара Марин
        Елизабет Сандански Ерик Веселин Дупница Асеновград Михайлов Моника Самоков Симеон Красимир Рила Росен Анна Лора
        Екатерина Карлово Станишев Кейт Поморие Даниела Петя Яна Първанов Чарли Пеевски Мирослав Митко Таня Балкани
        Любомир Огнян Кубрат Гугъл БТВ Делян Троян Петрич Ваня Божидар Светослав Странджа Теодора Радослав Цветелина
        Йорданка
    """,
    "ca": "Brussel·les Gal·les",
    "cs": """
        Česko Brně Plzeň Zeman Hradec Babiš Brna František Plzni Filip Ježíš Hradci Babiše Hana Plzně Františka Matěj
        Libor Zuzana Alexandr Filipa Adéla
    """,
    "da": "Søren Vejle Jens Mads Amager Arne Trine Signe Aksel Avedøre",
    "el": """
        Ελλάδας ΗΠΑ Έλληνες Θεσσαλονίκης Γιώργος Γιάννης Αθηνών Νίκος Ελλήνων Έλληνας Αθήνας Ελλάδος Δημήτρης Ευρώπης
        Κρήτης Κώστας Μακεδονίας ΠΑΟΚ ΠΑΣΟΚ Τουρκίας Ολυμπιακός ΚΚΕ Κωνσταντίνος Βασίλης Ολυμπιακού Χρήστος Τσίπρας
        Τσίπρα Γερμανίας Παναθηναϊκός Γεώργιος Έλληνα Ρωσίας Αιγαίου Παναγιώτης Ανδρέας ΕΡΤ Ιωάννης Αντώνης Λάρισας
        Αιγαίο ΟΗΕ ΔΕΗ Πειραιώς Χριστός Κατερίνα Μιχάλης Άρης ΔΝΤ Αμερικής Αλέξανδρος Σταύρος Παναγίας Σπύρος Παύλος
        Βόλου Ρόδου Νικόλαος Θράκης Ηλίας Πάτρας Πέτρος Δημητρίου Παναγιώτη ΦΠΑ Βενιζέλου Βενιζέλος Σαμαρά Κυριάκος
        Θανάσης Καβάλα Δημήτριος Καβάλας Μητσοτάκη Τάσος Ελένης Μητσοτάκης Καραμανλή Στέφανος Ηρακλής Μαρίας Ιησούς
        Σαμαράς Στέλιος Θεόδωρος Μανώλης Κέρκυρας ΤΕΙ Δέσποινα Παντελής Βόλο Ευάγγελος Σέρρες Καραμανλής Αθανάσιος
        Σάββας Λευτέρης Πειραιάς Σωκράτης Φίλιππος Σπύρου Μάριος Αριστοτέλης Οδυσσέας Βασίλειος Μάρκος Σωτήρης Ιωσήφ
        Λεωνίδας Κομοτηνή Σύρου Κυριάκου Ρόδος Σταύρου Θωμάς Λεμεσό Σταμάτης Ελευθέριος Χαράλαμπος Χίος Όμηρος Βόλος
        Καρδίτσα Αναστάσιος Θοδωρής Γρηγόριος Αχιλλέας Γεράσιμος
    """,
    "es": "Navidad Jesucristo Nochebuena",
    "fi": """
        Tampere Tampereen Matti Pekka Turku Mikko Jussi Kari Jukka Lapin Turussa Vantaan Janne Tuomas Seppo Erkki Liisa
        Joensuu Porin Joensuun Harri Lapissa Juhani Vesa Jorma Esko Kaisa Jani Tiina Maija Nieminen Rovaniemi
        Vantaalla Rauman Aino Jenni Kekkonen Raamatun Susanna Aleksi Turkuun Lappi Tomi Porissa Mikkeli Mikkelin Kirsi
        Tapani Rauma Eeva Veikko Mäkinen Riku Kekkosen Pirkko Kaarina Joensuussa Jaana Emilia Anders Kati Yrjö Ritva
        Maarit Tuija Mauri Terhi Lotta Ossi Mikkelissä Henna Virpi Kerttu Sinikka Elli Matin Marjatta Iiris
    """,
    "fr": """
        Macron Guillaume Rennes Gilles Benoît Lorraine Benjamin Bourgogne Charlotte Caen Dijon Angers Madeleine Pâques
        Grégoire Limoges Marianne Vichy Véronique Dunkerque Élysée Bourges Stéphanie Augustin Aurélie Arras Panthéon
    """,
    "hr": """
        BiH Maja Marta Zagrebu Hrvati Zoran Ivo Jelena Dragan EU Ivica Vera Barbara Zadru Đuro Dejan Nina Hana Zlatko
        Zdravko Jure Ljiljana Anđela Vlado Požega Davor Toni Dinamo Leon Danijel Vesna Siniša Antonija Lea Vukovaru
        Vukovara Iva Nataša Varaždin Lana Lidija Tatjana Dražen Marijana Sisak Mateja Dubravka Jadranka
    """,
    "hu": """
        Tamás Gyula Szeged Miskolc Árpád Pest Krisztus Tisza Mátyás Antal Szombathely Eger Szegeden Jobbik Márta Újpest
        Tatabánya Nóra Levente Gyurcsány Dóra Siófok Noémi Kőbánya Boglárka Veronika Kispest Győző Brigitta Barnabás
    """,
    "it": """
        Bologna Cristo Marco Toscana Sardegna Bari Pisa Vaticano Campania Lucia Bibbia Alessandria Mantova
        Piacenza Foggia Giuliano Alfredo Savona Arezzo Siracusa Cuneo Pistoia Trapani Sassari Costantino Ascoli Avellino
        Sebastiano Matera Lecco Forlì Massimiliano Viterbo Nicolò Agrigento Grosseto Teramo Macerata Biagio Virgilio
        Antonella Rovigo Pordenone Patrizia Crotone Viareggio Gustavo Belluno Gorizia Orazio
    """,
    "nb": """
        Ole Molde Drammen Jensen Jens Frank Nordland Arne Knut Anna Trond Morten Telemark Nina Karen Kari Ola Geir Støre
        Siv Oppland Andreas Frode Svein Helge Arild Pål Kjetil Ida Kristiansen Lise Helene Lene Linda Camilla Nora Hilde
        Håvard Asbjørn Mona Vegard Bente Cecilie Grete Ragnhild Ingeborg Simen Synnøve Sondre Irene Karoline
    """,
    "nl": """
        Haag Zeeland Gent Piet Christus Zwolle Delft Rob Marco Maarten Linda Wilders Gouda Ede Kerstmis Emmen Zutphen
        Roermond Alphen IJssel Hertogenbosch Klaas Heerlen Veenendaal Benjamin Hengelo Baarn Zoetermeer Jasper Schiedam
        Weert Flevoland Sneek Sander Pasen Soest Woerden Rijswijk Hoogeveen Jonas Els Vlaardingen Waalwijk Purmerend
        Bussum Hanna Gorinchem Meppel Kerkrade Doetinchem Daniël Harderwijk Terneuzen Tiel Hoofddorp Enkhuizen Matthijs
        IJsselmeer IJmuiden IJsselstein IJsselmonde IJburg IJslands IJslandse IJslanders IJlst IJsselmuiden IJmond
        IJszee IJsselland IJsseldelta IJsselmeervogels IJzendijke
    """,
    "pl": """
        Paweł Poznań Pawła Szczecin Lublin Biblii Śląsku Mikołaj Opole Kielce Radom Biblia Sosnowiec Przemyśl Wiktor
        Cezary
    """,
    "pt": """
        Jesus Pedro Cristo Francisco Ricardo Rodrigo Bruno Lucas Catarina Luís Bíblia Vasco Guilherme Mariana Braga
        Mateus Páscoa Cláudio Sebastião Márcio Tomás Lúcia Lourenço Júlia Inês Simão Letícia Bragança Setúbal
    """,
    "ro": """
        Dumnezeu Ion SUA Dan Constanța DNA Florin Mureș Matei Târgu Satu Dinamo Ovidiu Hunedoara Pitești Ceaușescu Horia
        Ionescu Valentin Iulian Târgoviște Valeriu Sergiu Monica Dinu Răzvan Dragoș Andreea Ciprian Călin Laurențiu
        Ionuț Reșița Focșani Cristea Claudiu Băsescu Caragiale Lugoj Cezar Alina Alin Veronica Mediaș Rodica Ponta
        Raluca Cosmin Rareș Stelian Viorica Petroșani Mamaia Voicu Costel Sighișoara Decebal UDMR Teodora Nicoleta
        Mangalia Lidia
    """,
    "ru": "Христос Аллах Библия",
    "sv": "Göran Ulf Kalle Linda Mats Lasse Olle Ola Åke Ebba Lotta Svea Ystad Måns Köping Klas Eslöv Valborg",
    "tr": """
        Mehmet Mustafa Ahmet Müslüman Hasan Murat Kürt Recep Tayyip Osman Abdullah Ermeni Hakan Bülent Orhan Halil
        Selçuk Marmara Yahudi Cemal Mahmut Cengiz Salih Gökhan Ayşe Kenan Müslümanlar Turgut Levent Alevi Suriyeli Nihat
        Türklerin Fatma Müslümanların Ramazan Sedat Boğaziçi Şükrü Ayhan Özcan Tarık Emine Serkan Sami Tolga Kürtler
        Başakşehir Sibel İrfan Akif Hülya Aykut Kazım Akhisar Esra Abdurrahman Merve Hamza Hatice Hristiyan Vedat
        Kürtlerin Suat Tuncay Bayburt Kırklareli Ardahan Tahir Necati Ereğli Canan Bandırma Uludağ Bahçelievler Atalay
        Muhammet Enes Mevlüt Zehra Antep İnegöl Şevket Esenler Gölbaşı Gebze Gülşen Maraş Adapazarı Çorlu Büyükçekmece
        Kuşadası Ergün Lütfi Ayvalık Edremit Fethullah Nazilli Malazgirt Ataşehir Ceyhun Manavgat Aleviler Esenyurt
    """,
    "uk": "Ігор Максим Вадим Адам Семен Марко Тереза Альберт Дебальцево Кропивницький Стрий Мартин",
}  # fmt: skip
# Written so in most of their uses; the others are a common word, or a careless hand.
MOSTLY = {
    "bg": "Бог ГЕРБ Том Марк",
    "ca": "Déu Bíblia",
    "cs": "Bůh Vánoce Marek Boha Bohu Bible Bohem Vánoc Vánocích Vánocům",
    "da": "Gud Helle Svend Løkke",
    "el": "Θεός Θεού Θεό Σοφία Μαρίνα Απόστολος Αγγελική ΑΕΙ",
    "es": "Dios Biblia",
    "fi": "Suomen Suomessa Suomi Lahden Jumalan Lahti Jumala Englannin Lahdessa Salo Kotka Jumalaa Ilona Marja",
    "fr": "Dieu Noël Olivier Bible Marguerite Vannes Clémence",
    "hr": "Bog Boga Bogu Luka Rijeci Rijeke Rijeka Rijeku Hajduk Sanja Gospa",
    "hu": "Isten Istent",
    "it": "Dio Natale Madonna Grillo Benedetto Prato Rosario Armando",
    "nb": "Gud Bjørn Skien Kåre",
    "nl": "God Kerst Bijbel Hoorn Assen Sinterklaas",
    "pl": "Boże Bóg Boga Marek Łódź Bogu Bogiem Śląska Zakopane Narodzenie Narodzenia",
    "pt": "Deus Porto Natal Marcos Faro",
    "ro": "Doamne Doina Victoria Maxim Marin Marina Aurora Paști Paște",
    "ru": "Бог Господь Рождество Пасха",
    "sv": "Gud Lund Tina Inger",
    "tr": "Volkan Pınar Filiz",
    "uk": "Бог Бога Майдан Хмельницький Рівне",
}


def named(language: str, word: str) -> dict[str, float] | None:
    """The written forms of a lower-case word that is one of these names, with the share of its uses that each has."""
    return _named(language).get(word)


@cache
def _named(language: str) -> dict[str, dict[str, float]]:
    turkic = is_turkic((language,))
    always = {lower(name, turkic): {name: 1.0} for name in ALWAYS.get(language, "").split()}
    mostly = ((lower(name, turkic), name) for name in MOSTLY.get(language, "").split())
    return always | {word: {name: USUAL, word: 1 - USUAL} for word, name in mostly}
