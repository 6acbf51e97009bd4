"""Lesions on the same films come together, in groups that depend on their order alone."""

from mammopair.batch.film_groups import LESIONS_AT_ONCE, LOOK_AHEAD, MOST_AT_ONCE, group_by_film


def groups(lesions):
    return list(group_by_film(lesions, lambda lesion: lesion[1]))


def named(*lesions):
    return [(number, films.split()) for number, films in enumerate(lesions)]


def test_lesions_that_share_a_film_come_together_though_others_lie_between():
    between = [f"film-{number}" for number in range(20)]
    first, *_ = groups(named("a b", *between, "b c", "c"))
    assert [number for number, _ in first][:3] == [0, 21, 22]


def test_groups_are_of_a_few_lesions_and_hold_each_once():
    lesions = named(*(f"film-{number}" for number in range(100)))
    made = groups(lesions)
    assert {len(group) for group in made[:-1]} == {LESIONS_AT_ONCE}
    assert sorted(lesion for group in made for lesion in group) == lesions


def test_a_film_with_very_many_lesions_does_not_grow_a_group_without_end():
    assert max(map(len, groups(named(*["same"] * 100)))) == MOST_AT_ONCE


def test_lesions_are_drawn_as_they_are_needed():
    drawn = []

    def lesions():
        for number in range(1000):
            drawn.append(number)
            yield number, [f"film-{number}"]

    next(group_by_film(lesions(), lambda lesion: lesion[1]))
    assert len(drawn) == LOOK_AHEAD
