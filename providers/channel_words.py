"""What banks write around a merchant's name: the vocabulary of `normalization`, in several languages.

Everything is written as `normalization.fold` leaves it: small letters, no accents, no punctuation.
"""

#: Words of the payment's channel, wherever they stand. None of them is a merchant or says what was bought.
CHANNEL = """
pos eftpos contactless ctls kartenzahlung kartenumsatz kontaktlos girocard maestro mastercard lastschrift
lastschrifteinzug basislastschrift sepa folgelastschrift einzugsermachtigung elv onlinezahlung zahlungseingang
debitk debitkarte kreditkarte umsatz svwz eref kref mref cred abwa abwe iban bic kartennr kartennummer
prlv prelevement prelevt facture sansct cbsansct
pagamento pagam pagobancomat tarjeta tarj compra compras cargo adeudo recibo pagto cartao
betaalautomaat betaling betaalpas pinbetaling incasso machtigingid
zakup platnosc transakcja karta kortkop kortbetalning kontokop autogiro bankgirobetalning
varekjop dankort visakort kortkjop
xfer txn trx ref reference referenz www http https authorised authorized
and und et
"""

#: Forms of companies, dropped behind a name.
LEGAL_FORMS = """
gmbh mbh ag kg ohg gbr ug kgaa ev eg ltd limited plc llc llp inc incorporated corp pty sarl sas sasu eurl srl
sl slu bv nv vof bvba ab oyj oy aps lda ltda eireli sro doo zoo se
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
samsung pay
sagt danke
dankt fuer ihren einkauf
dankt fur ihren einkauf
ihr einkauf bei
zahlung an
ec karte
paiement par carte
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
"""

#: Payment processors; before an asterisk they hide the merchant, who follows.
PROCESSORS = """
paypal pp sumup sq square tst izettle iz zettle stripe sp klarna adyen mollie payu wix shopify shop shopp fs in py ppl
wpy ls cke nyx dd google apl mercadopago mp ebanx dlo 2co cb checkout worldpay ccbill paddle bt crv revolut wise toast
clover yoco ikhokha payfast
"""

#: Processors and card schemes that nobody buys from, dropped in front of a name even without an asterisk.
LEADING_PROCESSORS = "sumup zettle izettle stripe visa vpay cb"

MONTHS = "jan feb mar mrz apr may mai jun jul aug sep sept oct okt nov dec dez"

#: Says what was paid, though it holds a channel phrase; one phrase a line.
TELLING_PHRASES = """
credit card payment
credit card repayment
"""
