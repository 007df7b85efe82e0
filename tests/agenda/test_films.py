"""Films: where they are watched, what may play them, and nothing before somebody asks."""

import pytest

from eventreg.agenda.films import Film, films, frames

PLAYERS = {
    "dailymotion": "https://geo.dailymotion.com/player.html?video=x8x97tm",
    "youtube": "https://www.youtube-nocookie.com/embed/a%22%3E%3Cscript%3E",
    "peertube": "https://tube.example.org/videos/embed/a-b",
}
ITEMS = [
    {"provider": "dailymotion", "id": "x8x97tm", "url": "https://www.dailymotion.com/embed/x"},
    {"provider": "peertube", "id": "a-b", "url": "https://tube.example.org/videos/embed/a-b"},
    {"provider": "peertube", "id": "a", "url": "http://tube.example.org/videos/embed/a"},
    {"provider": "peertube", "id": "a", "url": "https://x.example.org/videos/embed/a;y"},
    {"provider": "webinaire.example.org", "id": "b", "url": "https://webinaire.example.org/b"},
    {"provider": "youtube", "id": 'a"><script>'},
    {"provider": "file", "id": "/uploads/a.mp4", "url": "/uploads/a.mp4"},
    {"provider": "peertube", "id": "x", "url": "javascript:alert(1)"},
]


@pytest.mark.any_database
def test_a_film_has_its_own_page_and_only_known_players_are_framed() -> None:
    found = films(ITEMS)
    assert found == [
        Film("Dailymotion", "https://www.dailymotion.com/video/x8x97tm", PLAYERS["dailymotion"]),
        Film("tube.example.org", "https://tube.example.org/w/a-b", PLAYERS["peertube"]),
        Film("tube.example.org", "http://tube.example.org/videos/embed/a"),
        Film("x.example.org", "https://x.example.org/videos/embed/a;y"),
        Film("webinaire.example.org", "https://webinaire.example.org/b"),
        Film(
            "YouTube",
            "https://www.youtube.com/watch?v=a%22%3E%3Cscript%3E",
            PLAYERS["youtube"],
        ),
    ]
    assert frames(found) == (
        "https://geo.dailymotion.com https://tube.example.org https://www.youtube-nocookie.com"
    )
    assert frames(found[2:5]) == ""


def test_nothing_is_asked_of_the_provider_before_the_click(client, make_event) -> None:
    make_event("avec", videos=ITEMS[:1])
    make_event("sans", videos=ITEMS[4:5])
    page, plain = client.get("/agenda/avec/"), client.get("/agenda/sans/")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src https://geo.dailymotion.com" in policy
    assert "script-src 'self';" in policy, "the rest is as strict as ever"
    assert "frame-src" not in plain.headers["Content-Security-Policy"]
    for attribute in ("src", "href", "srcset", "poster"):
        assert f'{attribute}="https://geo.dailymotion' not in page.text
    assert "<iframe" not in page.text
    assert f'data-film="{PLAYERS["dailymotion"]}"' in page.text
    assert 'href="https://www.dailymotion.com/video/x8x97tm"' in page.text, "without script"
    assert 'type="button" hidden>' in page.text
    assert "adresse IP" in page.text
    assert "data-film" not in plain.text
