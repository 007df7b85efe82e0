"""Without a mouse: the way to a confirmed seat with Tab, Enter and the space bar alone."""

from collections.abc import Callable

import pytest

from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

MOST_TABS = 60
SLUG = "lancement-plan-services-simples"


def tab_to(visitor: Visitor, words: str = "", *, name: str = "") -> None:
    """Tabs until the wanted link, button or field has the focus, which one always sees."""
    seen = []
    for _ in range(MOST_TABS):
        visitor.page.keyboard.press("Tab")
        it = visitor.focused()
        seen.append(it["words"] or it["name"])
        if it["tag"] == "BODY":
            break  # past the last link
        assert it["outline"], f"no visible focus on {seen[-1]!r}"
        assert it["width"] > 1, f"invisible focus on {seen[-1]!r}"
        assert it["bottom"] > 0, f"{seen[-1]!r} has the focus above the screen"
        assert it["top"] < visitor.bottom(), f"{seen[-1]!r} has the focus below the screen or bar"
        if (name and it["name"] == name) or (words and it["words"].startswith(words)):
            return
    raise AssertionError(f"{words or name} is not reached by Tab: {seen}")


def press(visitor: Visitor, key: str = "Enter") -> None:
    """Presses a key that leads to another page, once that page is drawn."""
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press(key)
    visitor.page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")


@pytest.mark.parametrize("width", [1280, 390])
def test_an_agent_signs_up_and_confirms_with_the_keyboard_alone(
    make_visitor: Callable[..., Visitor], site: Site, width: int
) -> None:
    visitor = make_visitor(width=width)
    address = f"clavier.{width}@interieur.gouv.fr"
    visitor.open("/agenda/")
    visitor.page.keyboard.press("Tab")
    assert visitor.focused()["words"] == "Contenu", "the first stop is the link to the content"
    visitor.look("evitement")
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "contenu"
    tab_to(visitor, "Des services publics plus simples")
    visitor.look("carte")
    press(visitor)
    tab_to(visitor, "Contenu")
    visitor.page.keyboard.press("Enter")
    tab_to(visitor, "S’inscrire")
    visitor.look("bouton")
    press(visitor)
    tab_to(visitor, name="given_name")
    visitor.page.keyboard.type("Camille")
    tab_to(visitor, name="family_name")
    visitor.page.keyboard.type("Martin")
    tab_to(visitor, name="email")
    visitor.page.keyboard.type("camille@gmail.com")
    press(visitor)
    assert visitor.focused()["id"] == "erreurs", "a refusal takes the focus"
    tab_to(visitor, "« gmail.com »")
    visitor.page.keyboard.press("Enter")
    assert visitor.focused()["name"] == "email"
    visitor.page.keyboard.press("ControlOrMeta+a")
    visitor.page.keyboard.type(address)
    tab_to(visitor, "Envoyer mon inscription")
    press(visitor, "Space")
    assert visitor.mark("state") == "unconfirmed"

    visitor.open(site.link_of(address, "confirm_address"))
    tab_to(visitor, "Confirmer mon inscription")
    visitor.look("confirmer")
    press(visitor)
    assert visitor.mark("state") == "confirmed"
    tab_to(visitor, "Annuler mon inscription")


def test_the_menu_of_a_phone_opens_closes_and_gives_the_focus_back(
    make_visitor: Callable[..., Visitor],
) -> None:
    visitor = make_visitor(width=390)
    visitor.open("/agenda/")
    tab_to(visitor, "Menu")
    tab_to(visitor, "Menu")
    visitor.page.keyboard.press("Enter")
    menu = visitor.page.locator("#menu")
    menu.get_by_role("link", name="Aide").wait_for()
    visitor.look("menu")
    tab_to(visitor, "Aide")
    visitor.page.keyboard.press("Escape")
    menu.get_by_role("link", name="Aide").wait_for(state="hidden")
    assert visitor.focused()["id"] == "menu-bouton"
