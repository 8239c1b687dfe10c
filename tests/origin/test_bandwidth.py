from origin.bandwidth import rates


def test_average_is_of_all_that_is_listed(make_rendition) -> None:
    rendition = make_rendition(ticks=(176_400, 88_200), segment_bytes=(60_000, 30_001))
    assert rates([rendition], target_duration_s=4).average_bps == 120_002  # 8 * 90,001 bits in 6 s, rounded up


def test_peak_is_of_a_segment_that_is_long_enough(make_rendition) -> None:
    rendition = make_rendition(ticks=(176_400, 88_200, 44_100), segment_bytes=(60_000, 40_000, 50_000))
    measured = rates([rendition], target_duration_s=4)
    # The last alone would have 400 kbit/s and is too short; together with the one before it has 90,000 bytes in 3 s.
    assert measured.peak_bps == 240_000


def test_a_last_segment_of_a_frame_is_no_peak(make_rendition) -> None:
    rendition = make_rendition(ticks=(176_400, 176_400, 1024), segment_bytes=(60_000, 60_000, 1000))
    assert (
        rates([rendition], target_duration_s=4).peak_bps == 121_296  # 61,000 bytes in 4.02322 s
    )  # both whole ones are 120,000, with it a bit more


def test_runs_go_on_over_the_end_of_a_track(make_rendition) -> None:
    first = make_rendition(ticks=(176_400, 44_100), segment_bytes=(60_000, 20_000))
    second = make_rendition(ticks=(44_100, 176_400), segment_bytes=(30_000, 60_000))
    assert rates([first, second], target_duration_s=4).peak_bps == 200_000  # 50,000 bytes in the 2 s around the join


def test_what_is_shorter_than_half_a_target_has_its_average(make_rendition) -> None:
    rendition = make_rendition(ticks=(44_100,), segment_bytes=(10_000,))
    measured = rates([rendition], target_duration_s=4)
    assert measured.peak_bps == measured.average_bps == 80_000


def test_peak_is_never_below_the_average(make_rendition) -> None:
    rendition = make_rendition(ticks=(198_450, 83_790), segment_bytes=(60_000, 50_000))  # 4.5 s and 1.9 s
    measured = rates([rendition], target_duration_s=4)
    assert measured.peak_bps == measured.average_bps == 137_500


def test_priming_is_sent_and_not_heard(make_rendition) -> None:
    rendition = make_rendition(ticks=(45_124,), priming_samples=1024, segment_bytes=(10_000,))
    assert rates([rendition], target_duration_s=1).peak_bps == 80_000


def test_a_segment_that_is_not_listed_does_not_count(make_rendition) -> None:
    rendition = make_rendition(ticks=(44_100, 1024), padding_samples=1024, segment_bytes=(10_000, 9_000))
    assert rates([rendition], target_duration_s=1).average_bps == 80_000
