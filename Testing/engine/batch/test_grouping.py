"""Lesions on the same films are in one group; groups depend on the order of the lesions only."""

from mammopair.batch.film_groups import GROUP_SIZE, LOOK_AHEAD, MAX_GROUP_SIZE, group_by_film


def groups(lesions):
    return list(group_by_film(lesions, lambda lesion: lesion[1]))


def named(*lesions):
    return [(number, films.split()) for number, films in enumerate(lesions)]


def test_lesions_that_share_a_film_are_grouped_across_other_lesions():
    between = [f"film-{number}" for number in range(20)]
    first, *_ = groups(named("a b", *between, "b c", "c"))
    assert [number for number, _ in first][:3] == [0, 21, 22]


def test_each_lesion_is_in_one_group_of_limited_size():
    lesions = named(*(f"film-{number}" for number in range(100)))
    made = groups(lesions)
    assert {len(group) for group in made[:-1]} == {GROUP_SIZE}
    assert sorted(lesion for group in made for lesion in group) == lesions


def test_a_film_with_many_lesions_does_not_exceed_the_largest_group():
    assert max(map(len, groups(named(*["same"] * 100)))) == MAX_GROUP_SIZE


def test_lesions_are_consumed_only_as_far_as_needed():
    drawn = []

    def lesions():
        for number in range(1000):
            drawn.append(number)
            yield number, [f"film-{number}"]

    next(group_by_film(lesions(), lambda lesion: lesion[1]))
    assert len(drawn) == LOOK_AHEAD
