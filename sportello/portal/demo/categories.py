"""The demo's browsing tree."""

from typing import NamedTuple


class Branch(NamedTuple):
    """A category with its English and Italian names, and what is under it."""

    code: str
    english: str
    italian: str
    under: tuple["Branch", ...] = ()


TREE = (
    Branch("accounting", "Accounting", "Contabilità", (
        Branch("invoicing-and-vat", "Invoicing and VAT", "Fatturazione e IVA"),
        Branch("e-invoicing", "Electronic invoicing", "Fatturazione elettronica"),
        Branch("general-ledger", "General ledger", "Contabilità generale"),
        Branch("payments-and-banks", "Payments and banks", "Pagamenti e banche"),
        Branch("year-end", "Year end", "Chiusura d'esercizio"),
    )),
    Branch("production", "Production", "Produzione", (
        Branch("planning", "Planning", "Pianificazione"),
        Branch("shop-floor", "Shop floor", "Reparto"),
    )),
    Branch("logistics", "Warehouse and shipping", "Magazzino e spedizioni", (
        Branch("stock-and-lots", "Stock and lots", "Giacenze e lotti"),
        Branch("shipping-and-carriers", "Shipping and carriers", "Spedizioni e vettori"),
        Branch("customs", "Customs", "Dogana"),
        Branch("scanners-and-devices", "Scanners and devices", "Lettori e dispositivi"),
    )),
    Branch("system", "System", "Sistema", (
        Branch("installation-and-upgrade", "Installation and upgrade", "Installazione e aggiornamento"),
        Branch("performance", "Performance", "Prestazioni"),
        Branch("security-and-access", "Security and access", "Sicurezza e accessi"),
        Branch("integrations", "Integrations", "Integrazioni"),
        Branch("reporting", "Reporting", "Report"),
    )),
    Branch("using-support", "Using support", "Usare l'assistenza"),
)  # fmt: skip
