"""What banks write around a merchant's name: the vocabulary of `normalization`, in several languages.

Everything is written as `normalization.fold` leaves it: small letters, no accents, no punctuation.
"""

# ruff: noqa: RUF001 - Cyrillic and Greek letters are meant

#: Words of the payment's channel, wherever they stand. None of them is a merchant or says what was bought.
CHANNEL = """
pos eftpos contactless ctls kartenzahlung kartenumsatz kontaktlos girocard maestro mastercard lastschrift
lastschrifteinzug basislastschrift sepa folgelastschrift erstlastschrift einzugsermachtigung elv onlinezahlung
zahlungseingang debitk debitkarte kreditkarte umsatz svwz eref kref mref cred abwa abwe iban bic kartennr kartennummer
verwendungszweck mandatsref mandatsreferenz glaubiger kundenreferenz buchungstext folgenr verfalld visakarte debitcard
prlv prelevement prelevt facture sansct cbsansct pagamento pagam pagobancomat tarjeta tarj compra compras cargo adeudo
recibo pagto pgto cartao esercente presso addebito numtarjeta comercio betaalautomaat betaling betaalpas pinbetaling
incasso machtigingid ideal omschrijving kenmerk naam incassant pasvolgnr transactienr ecom bea zakup platnosc
transakcja karta blik lokalizacja tytulem zakupu kortkop kortbetalning kontokop autogiro bankgirobetalning kortkopet
reservation varekjop dankort visakort kortkjop dankortkob mcdk vdk korttiosto покупка оплата списание картои платеж
товаров и услуг ооо оао зао пао ип тов фоп kurs pp xfer txn trx ref reference referenz www http https authorised
authorized and und et
"""

#: Forms of companies, dropped behind a name.
LEGAL_FORMS = """
gmbh mbh ag kg ohg gbr ug kgaa ev eg ltd limited plc llc llp inc incorporated corp pty sarl sas sasu eurl srl sl slu bv
nv vof bvba ab oyj oy aps lda ltda eireli sro doo zoo se as asa pte pvt bhd sagl kft zrt nyrt uab gesmbh sapi cia εε αε
επε ικε 株式会社 有限公司
"""

#: Channel words and legal forms that say so only together; one phrase a line.
PHRASES = """
um uhr
card payment to
card payment at
card payment
card purchase at
card purchase
card transaction
card sale
debit card purchase
debit card payment
debit card
debit order payment
debit order
credit card purchase
visa debit
visa purchase
visa card
check card purchase
checkcard
purchase authorized on
purchase at
purchase from
purchase
recurring payment authorized on
recurring payment
online payment
online purchase
mobile payment
payment to
payment from
payment at
bill payment to
direct debit payment to
direct debit to
direct debit
faster payment to
faster payment
bacs payment
ach debit
ach credit
ach electronic debit
web pmt
apple pay
google pay
garmin pay
samsung pay
sagt danke
sagt vielen dank
danke fur ihren einkauf
danke fuer ihren einkauf
dankt fuer ihren einkauf
dankt fur ihren einkauf
ihr einkauf bei
zahlung an
ec karte
paiement par carte
commerce electronique
paiement carte
paiement cb
paiement
achat cb
achat carte
carte du
carte bancaire
pago con tarjeta
pago en
pago movil en
pago
pagamento pos
con carta
compra no debito
compra no credito
compra cartao
s p a
s r l
s a r l
s a s
s a
sp z o o
z o o
b v
n v
e v
e k
gmbh co kg
co kg
gmbh co ohg
se co kg
e k f r
s c a
s n c
s a u
s l u
s l
s r o
a s
a b
s de r l de c v
s a de c v
sa de cv
s a b de c v
spolka z o o
spolka akcyjna
sp k
sp j
sdn bhd
private limited
pvt ltd
co ltd
ltd sti
san tic
san ve tic
paypal europe
amzn com bill
amzn com bill wa
amazon com bill
g co helppay
paypal payment
paypal inst xfer
cie s c a
cie sca
stichting mollie payments
stg mollie payments
via mollie
by adyen
via adyen
by buckaroo
by multisafepay
klarna bank ab publ
nr karty
karty nr
numer karty
karty platniczej
karty debetowej
data transakcji
data operacji
przy uzyciu karty
operacja karta
w kraju
za granica
przelew blik
carta n
con tarjeta
tarjeta de credito
tarjeta de debito
operacion con tarjeta
pago con bizum
pago bizum
pago recibo
tramite pos
a mezzo carta
operazione carta
sdd core
addebito diretto
achat carte bancaire
carte numero
paiement psc
vir inst
vir sepa
prlv sepa
debito direto
cartao de debito
cartao de credito
pagamento de servicos
mb way
betaling ideal
sepa incasso algemeen doorlopend
algemeen doorlopend
kop kort
card purchase no pin
visa debitkarte
visa debit card
kauf dienstleistung
mastercard debit
mc debit
signature purchase
pin purchase
pinned purchase
pos debit
dankort kob
kortkop uttag
dankt
α ε
bizum a
pos purchase
pos transaction
pos refund
non sterling transaction fee free
internet purchase
ecommerce purchase
cheque card purchase
check card
checkcard purchase
card no
card ending
contactless payment
value date
ihre zahlung
zahlung mit karte
zahlung per karte
по карте
оплата товаров
оплата услуг
"""

#: Payment processors; before an asterisk they hide the merchant, who follows.
PROCESSORS = """
paypal pp sumup sq squ square tst izettle iz zettle ztl stripe strp sp klarna adyen mollie payu wix shopify shop shopp
fs in py ppl wpy ls cke nyx nya dd google apl mercadopago merpago mercpago mp mpago ebanx ebw dlo dl 2co cb checkout
worldpay ccbill paddle bt crv revolut wise toast clover clr yoco ikhokha payfast paygate snapscan zapper peach pag
pagseguro pagarme picpay rede cielo getnet stone ton zig ifd viva vivawallet dojo sum lightspeed gocardless payplug
alma lydia satispay nexi redsys sipay qliro svea bambora nets trustly swedbankpay razorpay rzp paytm ccavenue billdesk
payoneer fastspring digitalriver gumroad gumrd eb ctlp par spo wl act dri eig dnh fsp afterpay clearpay affirm zip
sezzle ym yoomoney robokassa tpay dotpay przelewy24 p24 imoje iyzico payten k c
"""

#: Processors and card schemes that nobody buys from, dropped in front of a name even without an asterisk.
LEADING_PROCESSORS = """
sumup zettle izettle stripe visa vpay cb sp gocardless mollie adyen przelewy24 payu tpay dotpay imoje satispay
mercadopago merpago pagseguro yoomoney iyzico
"""

MONTHS = "jan feb mar mrz apr may mai jun jul aug sep sept oct okt nov dec dez"

#: As months are, these are part of a date beside a number.
MONTH_NAMES = """
january february march april june july august september october november december januar februar marz maerz juni juli
oktober dezember janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre enero febrero marzo
abril mayo junio julio agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio
settembre ottobre dicembre januari februari maart mei augustus janeiro fevereiro marco maio junho julho setembro
outubro novembro dezembro stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada
grudnia januarie avg okt ene fev ago set out dic gen mag giu lug ott janv fevr juil uhr am pm hrs ore st kl
"""

CURRENCIES = """
eur usd gbp chf sek nok dkk pln czk huf ron bgn rub uah try zar brl mxn ars clp cop pen cad aud nzd jpy cny inr hkd sgd
thb krw ils aed sar euro zl kc руб
"""

#: They lead to a number, a day or an hour, and go with it.
BEFORE_NUMBERS = """
on at am um kl nr no num numero nummer number ore alle dato datum date day du del dia le den vom op term terminal tid
auth card carte carta cartao tarjeta kort pas karte id tel conf folio ref autorizacion aut с от г
"""

#: Says what was paid, though it holds a channel phrase; one phrase a line.
TELLING_PHRASES = """
credit card payment
credit card repayment
"""
