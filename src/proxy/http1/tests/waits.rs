//! How long the reader waits, and for what.

use super::*;
use tokio::time::Instant;

/// A deadline is late by two ticks of a second at most, and a rate is measured with one to spare.
const LATE: Duration = Duration::from_secs(3);

#[track_caller]
fn assert_took(began: Instant, seconds: u64) {
    let (took, least) = (began.elapsed(), Duration::from_secs(seconds));
    assert!((least..=least + LATE).contains(&took), "{took:?}");
}

#[test]
fn a_connection_without_a_request_ends_after_the_time_for_a_head() {
    run(async {
        let far = Far::new();
        let began = Instant::now();
        assert_eq!(far.next().await, Came::End);
        assert_took(began, 10);
        assert_eq!(far.verdict.take(), None);
    });
}

#[test]
fn a_first_head_has_its_time_from_the_connections_begin_and_a_later_one_from_its_own() {
    run(async {
        let mut far = Far::new();
        let began = Instant::now();
        let reader = Rc::clone(&far.reader);
        let slow = async {
            sleep(Duration::from_secs(8)).await;
            far.client.write_all(&GET[..5]).await.unwrap();
        };
        let (came, ()) = tokio::join!(next(&reader), slow);
        assert_took(began, 10);
        assert_eq!(came, Came::Refused(Violation::HeadTimeout));
    });
    run(async {
        let mut far = Far::new();
        far.client.write_all(GET).await.unwrap();
        assert_eq!(far.next().await, head(GET));
        let reader = Rc::clone(&far.reader);
        let slow = async {
            sleep(Duration::from_secs(70)).await;
            far.client.write_all(&GET[..5]).await.unwrap();
            Instant::now()
        };
        let (came, began) = tokio::join!(next(&reader), slow);
        assert_took(began, 10);
        assert_eq!(came, Came::Refused(Violation::HeadTimeout));
    });
}

#[test]
fn between_two_requests_there_is_more_time_and_it_begins_with_the_end_of_the_answer() {
    run(async {
        let mut far = Far::new();
        far.client.write_all(GET).await.unwrap();
        assert_eq!(far.next().await, head(GET));
        assert!(
            timeout(LONG, far.gone()).await.is_err(),
            "the store takes its time"
        );
        let began = Instant::now();
        assert_eq!(far.next().await, Came::End);
        assert_took(began, 75);
        assert_eq!(far.verdict.take(), None);
    });
}

#[test]
fn a_body_is_waited_for_while_somebody_reads_it_and_at_no_other_time() {
    run(async {
        let mut far = Far::new();
        far.client.write_all(PUT).await.unwrap();
        assert_eq!(far.next().await, head(PUT));
        let mut loan = Loan::of(&far.reader);
        sleep(LONG).await;
        far.client.write_all(b"part").await.unwrap();
        let part = loan.frame().await.unwrap().unwrap();
        assert_eq!(part.into_data().unwrap(), "part");
        sleep(LONG).await;
        let began = Instant::now();
        let failed = loan.frame().await.unwrap().unwrap_err();
        assert_took(began, 60);
        assert_eq!(failed.to_string(), "guard.body-timeout");
        assert_eq!(far.verdict.take(), Some(Violation::BodyTimeout));
    });
}

#[test]
fn a_body_that_trickles_fails_and_one_that_begins_anew_has_its_own_time() {
    run(async {
        for slow in [20, 40] {
            let mut far = Far::new();
            for _ in 0..2 {
                far.client.write_all(PUT).await.unwrap();
                assert_eq!(far.next().await, head(PUT));
                let loan = Loan::of(&far.reader);
                let trickle = async {
                    for _ in 0..slow {
                        sleep(Duration::from_secs(1)).await;
                        far.client.write_all(b"x").await.unwrap();
                    }
                    far.client.write_all(&[b'x'; 100][slow..]).await.unwrap();
                };
                let (body, ()) = tokio::join!(loan.collect(), trickle);
                if slow == 20 {
                    assert_eq!(body.unwrap().to_bytes().len(), 100);
                } else {
                    assert_eq!(body.unwrap_err().to_string(), "guard.body-rate");
                    assert_eq!(far.verdict.take(), Some(Violation::BodyRate));
                    break;
                }
            }
        }
    });
}
