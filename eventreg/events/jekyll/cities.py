"""Towns that stand alone in a place: `Rennes`, `H7, Lyon`, `Paris 15e`, `Metz et en ligne`.

Source: code officiel géographique (Insee): prefectures of regions and departments, and the communes
of over 100,000 inhabitants.
"""

import re

from eventreg.events.jekyll.words import fold

_NAMES = (
    "Agen, Aix-en-Provence, Ajaccio, Albi, Alençon, Amiens, Angers, Angoulême, Annecy, Argenteuil, "
    "Arras, Auch, Aurillac, Auxerre, Avignon, Bar-le-Duc, Basse-Terre, Bastia, Beauvais, Belfort, "
    "Besançon, Blois, Bobigny, Bordeaux, Boulogne-Billancourt, Bourg-en-Bresse, Bourges, Brest, "
    "Caen, Cahors, Carcassonne, Cayenne, Cergy, Chambéry, Charleville-Mézières, Chartres, "
    "Châlons-en-Champagne, Châteauroux, Chaumont, Clermont-Ferrand, Colmar, Créteil, Digne-les-Bains, "
    "Dijon, Dunkerque, Épinal, Évreux, Évry-Courcouronnes, Foix, Fort-de-France, Gap, Grenoble, Guéret, "
    "La Roche-sur-Yon, La Rochelle, Laon, Laval, Le Havre, Le Mans, Le Puy-en-Velay, Lille, Limoges, "
    "Lons-le-Saunier, Lyon, Mamoudzou, Marseille, Mâcon, Melun, Mende, Metz, Mont-de-Marsan, "
    "Montauban, Montpellier, Montreuil, Moulins, Mulhouse, Nancy, Nanterre, Nantes, Nevers, Nice, "
    "Nîmes, Niort, Orléans, Paris, Pau, Périgueux, Perpignan, Poitiers, Privas, Quimper, Reims, "
    "Rennes, Rodez, Rouen, Saint-Brieuc, Saint-Denis, Saint-Étienne, Saint-Lô, Strasbourg, Tarbes, "
    "Toulon, Toulouse, Tours, Troyes, Tulle, Valence, Vannes, Versailles, Vesoul, Villeurbanne"
)
_TOWNS = frozenset(map(fold, re.split(", ", _NAMES)))
_PARTS = re.compile(r"\s*(?:[,;()/|\n]|\s[-\u2013\u2014]\s|\s(?:et|puis|ou)\s)\s*")
_ARRONDISSEMENT = re.compile(r"(Paris|Lyon|Marseille) \d{1,2} ?(?:er|e|eme|ème)?", re.IGNORECASE)


def named(place: str) -> str | None:
    """The one town that is a whole part of a place; None when there is none or several."""
    found: dict[str, str] = {}
    for part in _PARTS.split(place):
        match = _ARRONDISSEMENT.fullmatch(part)
        town = match.group(1) if match else part
        if fold(town) in _TOWNS:
            found.setdefault(fold(town), town)
    return next(iter(found.values())) if len(found) == 1 else None
