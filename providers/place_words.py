"""What banks write around a town, and what must not be taken for one: the vocabulary of places.

All but the spellings is written as `normalization.fold` leaves it: small letters, no accents, no punctuation.
"""

# ruff: noqa: RUF001 - Cyrillic letters are meant

#: Country → codes of its parts that stand behind a town.
REGIONS = {
    "us": "al ak az ar ca co ct dc de fl ga hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh "
    "ok or pa pr ri sc sd tn tx ut va vt wa wi wv wy",
    "ca": "ab bc mb nb nl ns nt on pe qc sk yt alberta ontario quebec",
    "au": "act nsw nt qld sa tas vic wa nswau vicau qldau waau saau actau tasau",
    "za": "gp gt ga wc ec kn kz fs nw mp lp nc nl gpza gtza gaza wcza ecza knza kzza fsza nwza mpza lpza ncza nlza",
    "br": "ac al am ap ba ce df es go ma mg ms mt pa pb pe pi pr rj rn ro rr rs sc se sp to",
    "it": "mi rm to na ge bo fi ba ct ve vr pa pd bs bg mb mo pr re rn ra tn bz ts ud si pi lu ao co va tv vi",
    "mx": "mex cdmx df jal nl",
    "ch": "zh be lu ur sz ow nw gl zg fr so bs bl sh ar ai sg gr tg ti vd vs ne ge ju",
    "gb": "england scotland wales uk",
    "fr": "cedex",
    "in": "mh ka tn dl up wb gj ts",
}

#: Country → its names, as they stand behind a town; the codes are known from the source of the towns.
COUNTRY_NAMES = {
    "at": "osterreich oesterreich",
    "be": "belgie belgique",
    "br": "brasil",
    "ch": "schweiz suisse svizzera",
    "cz": "cesko",
    "de": "deutschland allemagne alemania",
    "dk": "danmark",
    "es": "espana",
    "fi": "suomi",
    "gb": "great britain",
    "gr": "ellada",
    "ie": "eire",
    "it": "italia",
    "nl": "nederland holland the netherlands",
    "no": "norge",
    "pl": "polska",
    "ru": "россия rossiya russian federation",
    "se": "sverige",
    "tr": "turkiye",
    "us": "usa",
}

#: Countries whose smaller towns are known too, since people there write in the languages of the general words.
NEAR_COUNTRIES = """
de at ch fr be lu nl gb ie us ca au nz za es pt it pl se no dk fi cz sk hu ro hr si gr ru ua by kz tr br mx ar cl co pe
uy
"""

#: Codes of countries that are dropped even behind a town that is not known; none is a word.
SAFE_CODES = """
usa gbr deu nld che zaf aut irl esp prt pol swe dnk cze hun rou lux gtza gpza gaza wcza ecza knza kzza fsza nwza mpza
lpza ncza nlza nswau vicau qldau waau saau actau tasau cedex
"""

#: What a town's name in the source is at home, where the source has the English one.
LOCAL_SPELLINGS = """
Munich = München
Cologne = Köln
Nuremberg = Nürnberg
Hanover = Hannover
Vienna = Wien
Zurich = Zürich
Geneva = Genève, Genf
Lucerne = Luzern
Bern = Berne
Basel = Bâle
Milan = Milano
Rome = Roma
Turin = Torino
Naples = Napoli
Florence = Firenze
Venice = Venezia
Genoa = Genova
Padua = Padova
Mantova = Mantua
Livorno = Leghorn
Syracuse = Siracusa
Prague = Praha
Pilsen = Plzeň
Warsaw = Warszawa
Krakow = Kraków, Cracow
Wroclaw = Wrocław
Copenhagen = København, Kobenhavn, Kbh
Gothenburg = Göteborg
Stockholm = Sthlm
Lisbon = Lisboa
Brussels = Bruxelles, Brussel
Antwerp = Antwerpen, Anvers
Ghent = Gent, Gand
Bruges = Brugge
Liège = Luik
Luxembourg = Luxemburg
The Hague = Den Haag, s Gravenhage
Seville = Sevilla
Córdoba = Cordova
A Coruña = La Coruna
Palma = Palma de Mallorca
Athens = Athina, Athinai
Thessaloniki = Saloniki
Moscow = Moskva, Moskau, Moscou, Moskwa, Москва
Saint Petersburg = Sankt Peterburg, St Petersburg, Санкт-Петербург, С-Петербург, СПб
Kyiv = Kiev, Kyjiw
Bucharest = București
Belgrade = Beograd
Sofia = Sofiya
Istanbul = İstanbul
Mexico City = Ciudad de México, Ciudad de Mexi, CDMX, México DF
New York City = New York, NYC
Frankfurt am Main = Frankfurt, Frankfurt Main, Frankfurt a M, Frankfurt M
Frankfurt (Oder) = Frankfurt Oder
Offenbach = Offenbach am Main
Halle (Saale) = Halle Saale
Freiburg = Freiburg im Breisgau, Freiburg i Br
Newcastle upon Tyne = Newcastle
Hull = Kingston upon Hull
Washington = Washington DC
Johannesburg = Joburg
Sao Paulo = São Paulo
Santiago = Santiago de Chile
"""

#: A town behind one of these belongs to the name: Bank of Scotland, Comune di Milano.
JOINING = """
of de di da do du des del della dello dos das d la le les los las el il lo am an der den dem von vom van zu zum zur im
in auf upon sur ob bei i na w we u and y e och og the al aan het ter te св
"""

#: A given name in front makes the town a family name.
GIVEN_NAMES = """
john james robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark donald
steven paul andrew joshua kevin brian george edward ronald timothy jason jeffrey ryan jacob gary nicholas eric jonathan
stephen larry justin scott brandon benjamin samuel gregory frank alexander raymond patrick jack dennis jerry peter mary
patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley emily donna
michelle carol amanda melissa deborah stephanie rebecca laura helen sharon cynthia kathleen amy angela anna emma olivia
sophie chloe grace hannah lucy charlotte alice jane kate rachel simon adam luke oliver harry alan hans klaus jurgen
juergen wolfgang stefan andreas markus matthias christian sebastian florian tobias jan lukas felix max moritz leon
jonas sabine petra monika ursula renate claudia susanne anja katrin julia lena lea marie sophia ingrid heike birgit
gisela uwe bernd dieter horst gunter guenter heinz karl ralf jean pierre michel andre philippe alain bernard jacques
francois nicolas julien antoine louis hugo lucas nathalie isabelle sylvie catherine francoise monique christine valerie
sandrine celine camille manon jose antonio juan manuel francisco luis javier carlos miguel angel jesus alejandro pablo
pedro sergio fernando jorge alberto diego alvaro maria carmen ana isabel dolores pilar teresa cristina marta lucia
paula elena rosa mercedes giuseppe giovanni mario luigi andrea marco francesco roberto stefano alessandro matteo
lorenzo davide luca paolo giulia chiara francesca valentina sara martina elisa silvia federica joao paulo rui nuno
tiago bruno ricardo goncalo ines joana beatriz catarina sofia fernanda piotr krzysztof andrzej tomasz pawel marcin
michal marek grzegorz jakub katarzyna malgorzata agnieszka ewa magdalena joanna zofia erik lars anders johan per nils
oskar gustav eva kristina birgitta karin elisabeth annika ivan sergey dmitry alexey andrey mikhail nikolay olga natalia
tatiana irina svetlana иван сергеи дмитрии алексеи андреи михаил николаи ольга наталья татьяна елена ирина светлана
анна мария владимир александр mohamed mohammed muhammad ahmed ali hassan omar fatima mehmet mustafa ahmet ayse fatma mr
mrs ms miss dr prof herr frau sig sigra dott
"""

#: Towns that are words, brands or names of people: dropped only with a code of their country behind them.
AMBIGUOUS = """
best sale deal bath nice tours reading essen spa sport orange mobile enterprise commerce industry liberty independence
union national central royal paradise sunrise hollywood natal rosario progreso libertad esperanza florida colon lens
sens die pau split salt van of bar batman mary male same bari mora kil lund hof haar lage leer weil norden brake street
battle wells march sandwich hyde rugby derby barking como cento opera pero prato sesto lodi oss ede salvador recife
vitoria victoria santa santiago mercedes trinidad carmen moreno florence charlotte savannah chester clinton franklin
marion carson wilson washington mason jackson hamilton lincoln madison aurora columbia columbus concord garland gilbert
henderson irving lancaster lawrence livingston montgomery newton norman cambridge pasadena plano richmond salem taylor
tyler vernon warren windsor york kingston gold progress fortuna amparo socorro imperial plantation temple surprise
buena corona marina delta springs lake park vista valley garden grove plaza market bank home star santos leon soria
vera cruz granada burgos arena media sol luna deli domino apollo atlas saga tesla ararat nova alba elche ford eden
mission carmel coral orchard crown banks coin hull wedding baden graz norte sur este oeste centro city stadt nord sud
ost west ames allen anderson andover annex anthem antelope antioch badger barry bear bend beverly billings boulder
bountiful brick buffalo burke calhoun campbell carey carolina centurion champaign chandler chelsea chino christiana
cicero clay clive cocoa cornelius cornwall cypress darwin davis denison dixon dover downey edison elgin elizabeth essex
eugene everett evergreen ewing fishers flint florin fountain frederick galt gardner gary georgetown germantown golden
grapevine griffin grays hale harlem harlow harrison harrow harvey hastings hawthorne hayes helena hercules hermitage
holloway hook hoover hopkins hove howard humble hurricane jasper keller kendall kent kitchener kyle largo laurel leek
leslie liberal linda linden lindsay logan lombard lynn marshall mascot medina mentor merced mesa mitchell monroe moore
morris murphy murray navarre newmarket norfolk officer ogden opportunity orchards palm palmer paramount parker parma
patterson peabody pearl perry pickering plum portage potomac prosper providence queens ramsey randolph reservoir
retreat robertson robina roosevelt sandy sebastian selma seminole severn seymour shaw sheridan sherman sidney solomon
somerset sparks spring sterling stirling stuart suffolk sulphur summit sunset surrey swords sylvania tempe terrace
terrell thorne tracy trinity troy tucker uptown ventura virginia waldorf walker wallace walnut ware waterloo wayne
waverly webster wheeling whitman whitney wright zion heide lagos manta marco mitte most olten perez pinto plato posse
prado rioja serra singen turbo worms young conde areia andes carmo canta zafra universal continental metropolitan
international express palace prospect heights gardens meadows ridge hills beach island station junction bridge church
castle tower
"""

#: As general words do, these need the town behind them: Sparkasse Köln and Sparkasse Bonn are two.
GENERAL_HEADS = """
bank banco banque banca banka sparkasse volksbank raiffeisenbank stadt city town ville ciudad citta miasto gmina
gemeente kommune university universitat universite universidad universita hospital port airport museum zoo fc sc sv vfb
vfl fsv tsv afc cf ac rc united club theatre theater opera radio park council county borough district municipality
college messe arena stadion stadium philharmonie stadtwerke studentenwerk diocese bistum metro tram grand royal old new
little north south east west upper lower camara ayuntamiento prefeitura mairie comune miasta urzad region kreis
landkreis bezirk amt finanzamt bundesstadt landeshauptstadt hansestadt universitaet klinikum uniklinik the das haus
amigos friends team group greater central visit discover taste made best top air bayern inter real atletico sporting
dynamo dinamo spartak lokomotiv hertha eintracht borussia fortuna deportivo racing olympique stade
"""
