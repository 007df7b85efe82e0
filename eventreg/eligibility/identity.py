"""Who ProConnect says that somebody is: facts, without a database."""

from dataclasses import dataclass

from eventreg.shared.addresses import InvalidAddress, canonical

LA_POSTE = "356000000"
PUBLIC_ROLE = "agent_public"
FAMILY_OF_ROLE = {"agent_public_etat": "state", "agent_public_territorial": "local"}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified sign-in told of a person. `issuer` and `sub` together name the account."""

    issuer: str
    sub: str
    email: str
    email_verified: bool = False
    siret: str = ""
    roles: tuple[str, ...] = ()
    acr: str = ""
    organisation_label: str = ""

    @property
    def complete(self) -> bool:
        """Whether it names an account at all: without issuer or sub it is nobody's."""
        return bool(self.issuer.strip() and self.sub.strip())

    @property
    def address(self) -> str:
        """The canonical e-mail address, or "" when the provider gave none that can be read."""
        try:
            return canonical(self.email).canonical
        except InvalidAddress:
            return ""

    @property
    def families(self) -> frozenset[str]:
        """The families that the roles tell; hospitals and social security have none."""
        return frozenset(FAMILY_OF_ROLE[role] for role in self.roles if role in FAMILY_OF_ROLE)


def is_siret(text: str) -> bool:
    """Fourteen digits with a right key: Luhn's, or La Poste's own (the sum is a multiple of 5)."""
    if len(text) != 14 or not (text.isascii() and text.isdecimal()):
        return False
    digits = [int(digit) for digit in text]
    luhn = sum(sum(divmod(d * (2 - i % 2), 10)) for i, d in enumerate(digits))
    return luhn % 10 == 0 or (text.startswith(LA_POSTE) and sum(digits) % 5 == 0)
