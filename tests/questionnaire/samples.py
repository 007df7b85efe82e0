"""Definitions that several tests speak of."""

from typing import Any

CHAIN: dict[str, Any] = {
    "populations": [
        {"key": "agents", "label": "Agents"},
        {"key": "press", "label": "Presse", "pool": "press_seats"},
    ],
    "pools": [
        {"key": "press_seats", "kind": "population", "label": "Presse", "companions": False},
        {"key": "a", "kind": "workshop", "label": "Atelier A", "capacity": 2},
        {"key": "meal", "label": "Repas"},
    ],
    "questions": [
        {
            "key": "presence",
            "kind": "one",
            "label": {"fr": "Présence", "en": "Presence"},
            "required": True,
            "options": [
                {"key": "onsite", "label": "Sur place"},
                {"key": "online", "label": {"fr": "À distance", "en": "Online"}},
            ],
        },
    ],
    "sections": [
        {
            "key": "venue",
            "title": "Sur place",
            "when": {"question": "presence", "is": "onsite"},
            "questions": [
                {
                    "key": "workshops",
                    "kind": "several",
                    "label": "Ateliers",
                    "required": True,
                    "max": 2,
                    "options": [
                        {"key": "wa", "label": "A", "pool": "a"},
                        {"key": "wb", "label": "B"},
                        {"key": "wc", "label": "C"},
                    ],
                },
                {"key": "lunch", "kind": "yes_no", "label": "Repas ?", "pool": "meal"},
                {
                    "key": "diet",
                    "label": "Régime",
                    "required": True,
                    "when": {
                        "all": [
                            {"question": "lunch", "is": True},
                            {
                                "any": [
                                    {"question": "workshops", "not_in": ["wc"]},
                                    {"question": "presence", "is_not": "onsite"},
                                ]
                            },
                        ]
                    },
                },
                {
                    "key": "card",
                    "label": "Carte de presse",
                    "pattern": "digits",
                    "populations": ["press"],
                },
                {"key": "guests", "kind": "companions", "label": "Avec", "max": 3},
                {"key": "note", "label": "Note", "organiser_only": True},
            ],
        },
        {
            "key": "end",
            "questions": [
                {
                    "key": "needs",
                    "kind": "access_needs",
                    "label": "Besoins",
                    "contact": "acces@example.org",
                },
            ],
        },
    ],
}
