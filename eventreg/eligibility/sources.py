"""Where the domain files come from, and under which licence they may be used."""

from dataclasses import dataclass

LICENCE = "Licence Ouverte 2.0"


@dataclass(frozen=True, slots=True)
class Source:
    """One source; `codes` are those of the column `source` of the files."""

    codes: str
    title: str
    licence: str


SOURCES = (
    Source(
        "ETALAB-MX, ETALAB-2020, ETALAB-WEB-2022, ETALAB-WEB-2024",
        "Noms de domaine des organismes du secteur public, DINUM et contributeurs, 2020-2024",
        LICENCE,
    ),
    Source("DILA-2016", "Annuaire de l’administration, DILA, 2016", "Licence Ouverte"),
    Source("PCI-GOUV, PCI-OTHER, PCI-FREE", "ProConnect Identité, DINUM, 2026", "MIT"),
    Source("DS-LEGIT, DS-KNOWN", "demarches-simplifiees.fr, DINUM, 2026 (noms seuls)", "AGPL-3.0"),
    Source("TCHAP", "Tchap, DINUM, 2026 (noms seuls)", "information publique"),
    Source("SILL", "code.gouv.fr et InseeFrLab, listes d’inscription (noms seuls)", "MIT"),
    Source("SWOT, HIPO", "JetBrains/swot et Hipo/university-domains-list (noms seuls)", "MIT"),
    Source("ST-HOME", "Suite territoriale, ANCT, 2026", "MIT"),
    Source("ANNUAIRE, ANNUAIRE-LABELS", "Annuaire des Entreprises, DINUM, 2026", "MIT"),
    Source("PROCONNECT-DOC", "Documentation de ProConnect, DINUM, 2026", "Apache-2.0"),
)
ATTRIBUTION = (
    "Noms de domaine des organismes du secteur public, DINUM et contributeurs du dépôt, "
    "2020-2024, Licence Ouverte 2.0 ; Annuaire de l’administration, DILA, 2016, Licence Ouverte ; "
    "listes publiées par ProConnect, Tchap, demarches-simplifiees.fr, code.gouv.fr (DINUM), "
    "l’Annuaire des Entreprises et la Suite territoriale (ANCT)."
)
