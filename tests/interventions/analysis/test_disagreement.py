from interventions.analysis.disagreement import Said, disagreement


def test_stakeholders_who_say_different_things_of_one_subject_disagree():
    found = disagreement(
        [
            Said("donor", "training", "present", "not_mentioned"),
            Said("staff", "training", "absent", "not_mentioned"),
            Said("donor", "money", "present", "not_mentioned"),
            Said("staff", "money", "present", "not_mentioned"),
        ]
    )

    assert found.contested == {"training"}
    assert (found.about("training"), found.about("money")) == ("position", "")
    assert found.named_reasons == {}
    assert bool(found)


def test_stakeholders_who_name_different_main_reasons_disagree_on_the_ending():
    found = disagreement(
        [
            Said("donor", "commitment", "present", "main"),
            Said("members", "early exit", "present", "main"),
        ]
    )

    assert found.contested == set()
    assert found.named_reasons == {
        "donor": frozenset({"commitment"}),
        "members": frozenset({"early exit"}),
    }
    assert found.subjects == {"commitment", "early exit"}
    assert (found.about("commitment"), found.about("security")) == ("reasons", "")


def test_one_stakeholder_who_says_two_things_does_not_disagree_with_itself():
    assert not disagreement(
        [
            Said("donor", "commitment", "present", "main"),
            Said("donor", "commitment", "absent", "main"),
            Said("donor", "security", "present", "main"),
        ]
    )


def test_a_reason_that_one_denies_and_another_names_is_contested():
    found = disagreement(
        [
            Said("donor", "security", "present", "contributing"),
            Said("members", "security", "present", "rejected"),
            Said("scholar", "security", "present", "not_mentioned"),
        ]
    )

    assert found.contested == {"security"}


def test_no_accounts_no_disagreement():
    assert not disagreement([])


def test_a_main_reason_and_one_among_others_count_alike():
    found = disagreement(
        [
            Said("donor", "commitment", "present", "contributing"),
            Said("members", "early exit", "present", "main"),
            Said("members", "commitment", "present", "contributing"),
        ]
    )

    assert found.subjects == {"early exit"}


def test_a_main_reason_that_all_name_is_not_what_they_disagree_on():
    found = disagreement(
        [
            Said("donor", "early exit", "present", "main"),
            Said("donor", "commitment", "present", "main"),
            Said("members", "early exit", "present", "main"),
        ]
    )

    assert found.subjects == {"commitment"}
